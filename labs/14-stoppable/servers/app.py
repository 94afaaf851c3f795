"""An ASGI application with one large answer."""

BODY = b"x" * 64_000
COUNT = 800


async def asgi(scope, receive, send):
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    length = str(len(BODY) * COUNT).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    for left in range(COUNT, 0, -1):
        await send({"type": "http.response.body", "body": BODY, "more_body": left > 1})
