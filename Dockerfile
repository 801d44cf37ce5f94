# syntax=docker/dockerfile:1

# Compiles with the command the README names, on the machine's own platform: `deno compile` makes
# the program for the other one as well, and needs no emulator.
FROM --platform=$BUILDPLATFORM node:24-bookworm-slim AS build
WORKDIR /mcpgate
COPY . .
ARG TARGETARCH
RUN case "$TARGETARCH" in \
      amd64) target=x86_64-unknown-linux-gnu ;; \
      arm64) target=aarch64-unknown-linux-gnu ;; \
      *) echo "no program for $TARGETARCH" >&2; exit 1 ;; \
    esac && \
    npx --yes deno@2.9.6 task compile --target "$target"

# No shell, no package manager, not root: the program itself asks whether it lives.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /mcpgate/dist/mcpgate /usr/local/bin/mcpgate
# The configuration is looked for in the working directory first; this one holds none.
WORKDIR /
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s \
  CMD ["/usr/local/bin/mcpgate", "health"]
ENTRYPOINT ["/usr/local/bin/mcpgate", "serve"]
