# Plaza as a container: docker build -t plaza .
#
# Pin the two images by digest where you build for production:
#   --build-arg NODE_IMAGE=docker.io/library/node:24-bookworm-slim@sha256:…
ARG NODE_IMAGE=docker.io/library/node:24-bookworm-slim
ARG BASE_IMAGE=docker.io/library/debian:bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build -- --sourceMap false

FROM ${NODE_IMAGE} AS modules
WORKDIR /build
COPY package.json package-lock.json scripts/prune-modules.sh ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && \
    bash prune-modules.sh node_modules "$(node -p process.arch)"

# Node's own base without npm and what else it brings that a running service has no use for.
FROM ${BASE_IMAGE}
WORKDIR /app
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY --from=modules /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY package.json LICENSE ./
ENV NODE_ENV=production
# A number: Kubernetes cannot tell of a name that it is not root.
USER 10001:10001
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/health`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# The first process is the service itself: signals reach it, and it ends in order.
ENTRYPOINT ["node", "dist/main.js"]
