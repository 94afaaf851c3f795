//! What learners may ask: to join, to send a result, to leave.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::header::{AUTHORIZATION, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use crate::room::{Outcome, Refused};
use crate::serve::Hall;

/// Somebody who wants to join.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    code: String,
    name: String,
}

/// A result.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    exercise: String,
    /// The key of the hint, if it failed.
    hint: Option<String>,
    passed: bool,
}

/// The longest hint, in bytes: a key of a chapter, and not a letter to the leader.
const HINT: usize = 200;

/// No page of any site has anything to do here: a browser says Origin, the learner's program does not.
fn from_a_page(headers: &HeaderMap) -> Option<Response> {
    let refusal = (StatusCode::FORBIDDEN, "not for web pages\n");
    headers
        .contains_key(ORIGIN)
        .then(|| refusal.into_response())
}

fn broken(error: &anyhow::Error) -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}\n")).into_response()
}

fn too_often() -> Response {
    (StatusCode::TOO_MANY_REQUESTS, "too often; wait a little\n").into_response()
}

fn token(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
}

fn stranger() -> Response {
    (
        StatusCode::UNAUTHORIZED,
        "nobody in this room has this token; join again\n",
    )
        .into_response()
}

/// Lets somebody in.
pub async fn join(
    State(hall): State<Arc<Hall>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Json(wish): Json<Join>,
) -> Response {
    if let Some(refusal) = from_a_page(&headers) {
        return refusal;
    }
    // Counted by address and before the code is looked at: six letters are not to be tried out.
    if !hall.joins.allows(from.ip()) {
        return too_often();
    }
    match hall.room.join(&wish.code, &wish.name) {
        Ok(Ok(token)) => Json(json!({ "token": token })).into_response(),
        Ok(Err(refused)) => {
            let (status, text) = match refused {
                Refused::Code => (StatusCode::FORBIDDEN, "that is not this room's code\n"),
                Refused::Name => (
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "a name has 1 to 40 letters and no control characters\n",
                ),
                Refused::Taken => (
                    StatusCode::CONFLICT,
                    "somebody in this room has that name\n",
                ),
                Refused::Full => (StatusCode::SERVICE_UNAVAILABLE, "the room is full\n"),
            };
            (status, text).into_response()
        }
        Err(error) => broken(&error),
    }
}

/// Takes a result.
pub async fn result(
    State(hall): State<Arc<Hall>>,
    headers: HeaderMap,
    Json(sent): Json<Sent>,
) -> Response {
    if let Some(refusal) = from_a_page(&headers) {
        return refusal;
    }
    let Some(token) = token(&headers) else {
        return stranger();
    };
    if !hall.results.allows(token.to_owned()) {
        return too_often();
    }
    let result = match (sent.passed, sent.hint) {
        (true, None) => Outcome::Passed,
        (false, hint) if hint.as_ref().is_none_or(|hint| hint.len() <= HINT) => {
            Outcome::Failed(hint.unwrap_or_default())
        }
        _ => return (StatusCode::UNPROCESSABLE_ENTITY, "no such result\n").into_response(),
    };
    if !hall.room.has(&sent.exercise) {
        return (StatusCode::NOT_FOUND, "the course has no such exercise\n").into_response();
    }
    match hall.room.result(token, &sent.exercise, &result) {
        Ok(true) => StatusCode::NO_CONTENT.into_response(),
        Ok(false) => stranger(),
        Err(error) => broken(&error),
    }
}

/// Takes somebody's entry away.
pub async fn leave(State(hall): State<Arc<Hall>>, headers: HeaderMap) -> Response {
    if let Some(refusal) = from_a_page(&headers) {
        return refusal;
    }
    match token(&headers).map(|token| hall.room.leave(token)) {
        Some(Ok(true)) => StatusCode::NO_CONTENT.into_response(),
        Some(Ok(false)) | None => stranger(),
        Some(Err(error)) => broken(&error),
    }
}
