# Tags can move. For an image that can be built again as it was, give the digests: see docs/operate.md.
ARG NODE_IMAGE=node:24.21.0-slim
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Types and source maps of packages are for developers.
RUN npm ci --omit=dev --ignore-scripts \
  && find node_modules -type f -regextype posix-extended -regex '.*\.([cm]?ts|map)' -delete

# The page at /, for TIMELINE=on.
FROM ${NODE_IMAGE} AS page
WORKDIR /app
COPY tsconfig.json ./
COPY schema/supergraph/install.ts schema/supergraph/
COPY page page
RUN node page/build.ts

# What the image of Node is made from, and of that image the program alone: without npm and headers it stays below 250 MB.
FROM ${BASE_IMAGE}
COPY --from=build /usr/local/bin/node /usr/local/bin/node
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY package.json ./
COPY src src
COPY --from=page /app/page/dist page/dist
# Trusted documents, and the schema reference if `npm run docs` was run.
COPY schema schema
# A number, because Kubernetes cannot tell whether a name is root. Nothing is written to disk.
USER 10001:10001
ENV NODE_ENV=production
EXPOSE 4000
# Reachable from outside the container, so authentication is required: API_KEYS, the three JWT_... or ALLOW_ANONYMOUS=true.
ENV HOST=0.0.0.0
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 4000}/live`).then(({ status }) => process.exit(status === 200 ? 0 : 1), () => process.exit(1))"]
# Of the container's memory. The rest is for what is outside of V8's heap: buffers, connections, compression.
CMD ["node", "--max-old-space-size-percentage=60", "src/main.ts"]
