ARG BASE=debian:bookworm-slim
FROM ${BASE}
COPY bin/03-shell-form /app
SHELL ["/bin/bash", "-c"]
CMD /app
