# The control plane as a container: App Mesh's API, xDS, telemetry and the watch. docs/control-plane.md tells how to run it.
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build

# What runs: production packages alone.
FROM node:24-bookworm-slim AS packages
WORKDIR /packages
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force

FROM node:24-bookworm-slim
ENV NODE_ENV=production \
    NODE_OPTIONS=--enable-source-maps \
    MESHSHIFT_HOST=0.0.0.0 \
    MESHSHIFT_PORT=4680 \
    MESHSHIFT_XDS_PORT=4681
WORKDIR /opt/meshshift
COPY --from=packages /packages/node_modules ./node_modules
COPY --from=build /build/dist ./dist
COPY --from=build /build/bin ./bin
COPY package.json serverless.yml LICENSE ./
# A number, so that Kubernetes can see that it is not root; the image's own files are not its to change.
USER 1000:1000
EXPOSE 4680 4681
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["node", "bin/health.js"]
ENTRYPOINT ["node", "bin/meshshift.js"]
CMD ["serve"]
