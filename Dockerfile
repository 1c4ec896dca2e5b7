FROM node:24-slim
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts
COPY src src
USER node
ENV NODE_ENV=production
EXPOSE 4000
# Told to listen beyond the container on purpose: put it behind what authenticates your users.
ENV HOST=0.0.0.0
CMD ["node", "src/main.ts"]
