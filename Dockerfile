# One image for every role: the command says which ("start ticker", "start handlers --context giving", ...).
# Sources run directly, there is nothing to build; the first stage only fetches the dependencies of production.
FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# No dependency needs its install script; the "node" package, which does, is for development.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24.21.0-bookworm-slim
# What installs and builds has no business in a running container.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn-* /usr/local/bin/yarn* \
  && install -d -o 1000 -g 1000 -m 0700 /data
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY bin ./bin
COPY src ./src
COPY examples ./examples
COPY deploy/health.js ./deploy/health.js
ENV NODE_ENV=production CARILLON_FOLDER=/data
# The user "node" of the image, by number: Kubernetes compares numbers.
USER 1000:1000
VOLUME /data
EXPOSE 7070
STOPSIGNAL SIGTERM
# For a process that serves HTTP; those that do not are asked "node deploy/health.js broker" instead (docs/deploy.md).
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["node", "deploy/health.js", "http"]
ENTRYPOINT ["node", "bin/carillon.js"]
CMD ["start"]
