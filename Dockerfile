# The tag can move. For an image that can be built again as it was, give its digest: see docs/operate.md.
ARG NODE_IMAGE=node:24.21.0-slim
FROM ${NODE_IMAGE}
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts
COPY src src
# Trusted documents, and the schema reference if `npm run docs` was run.
COPY schema schema
USER node
ENV NODE_ENV=production
EXPOSE 4000
# Reachable from outside the container, so authentication is required: API_KEYS, the three JWT_... or ALLOW_ANONYMOUS=true.
ENV HOST=0.0.0.0
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 4000}/live`).then(({ status }) => process.exit(status === 200 ? 0 : 1), () => process.exit(1))"]
# Of the container's memory. The rest is for what is outside of V8's heap: buffers, connections, compression.
CMD ["node", "--max-old-space-size-percentage=60", "src/main.ts"]
