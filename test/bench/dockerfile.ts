// Dockerfile diagnostics: a whole check of 300 lines, as it happens after each pause in typing.
import { checkDockerfile } from '../../src/dockerfile/check.ts';
import { type BenchRow, median, rounded } from './row.ts';

const stage = `FROM debian:12 AS stage
ARG VERSION=1.2.3
LABEL org.opencontainers.image.title="A stage" \\
      org.opencontainers.image.source="https://git.example/contoso/shop"
RUN apt-get update \\
    && apt-get install -y --no-install-recommends ca-certificates nodejs \\
    # what the build needs alone
    && curl -fsSL https://downloads.example/install.sh | sh \\
    && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production PORT=8080 DB_PASSWORD=Tide-and-time
# plimsoll:ignore df-no-add-from-url until=2099-12-31 reason="checked by the next step"
ADD https://downloads.example/tool-\${VERSION}.tgz /opt/
COPY --chown=10001:10001 package.json package-lock.json ./
RUN <<EOF
set -e
npm ci --omit=dev
EOF
USER root
EXPOSE 8080
CMD ["node", "src/server.js"]
`;

export function run(): Promise<BenchRow[]> {
  const lines = stage.split('\n').length - 1;
  const text = stage.repeat(300 / lines);
  const times: number[] = [];
  for (let round = 0; round < 200; round++) {
    // Another text each time, as while typing.
    const typed = `${text}# ${round}\n`;
    const start = performance.now();
    checkDockerfile(typed, { today: '2026-11-21' });
    if (round >= 20) times.push(performance.now() - start);
  }
  return Promise.resolve([{ name: 'dockerfile: 300 lines', figure: rounded(median(times)), unit: 'ms', budget: 5 }]);
}
