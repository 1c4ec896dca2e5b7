FROM node:24-slim
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts
COPY src src
# Trusted documents, and the reference if `npm run docs` has been run.
COPY schema schema
USER node
ENV NODE_ENV=production
EXPOSE 4000
# Beyond the container, so it does not start before it is told who may ask: API_KEYS, JWT_..., or ALLOW_ANONYMOUS=true.
ENV HOST=0.0.0.0
CMD ["node", "src/main.ts"]
