FROM node:24-slim
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
CMD ["node", "src/main.ts"]
