import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type BuildStep, matchHistory } from '../../../src/dockerfile/history-match.ts';
import { parseDockerfile } from '../../../src/dockerfile/model.ts';
import { normaliseEntry } from '../../../src/image/history.ts';
import type { HistoryEntry } from '../../../src/image/types.ts';

const workspace = path.resolve(import.meta.dirname, '../../lab/workspace');

function sample(name: string) {
  return parseDockerfile(readFileSync(path.join(workspace, name, 'Dockerfile'), 'utf8'));
}

/** History as a builder writes it; entries that begin with `-` have no layer. */
function history(builder: Partial<HistoryEntry>, entries: readonly string[]): BuildStep[] {
  let layer = 0;
  return entries.map((entry) => {
    const emptyLayer = entry.startsWith('-');
    const createdBy = emptyLayer ? entry.slice(1) : entry;
    const { instruction = '', text } = normaliseEntry({ ...builder, createdBy, emptyLayer });
    return { instruction, text, ...(emptyLayer ? {} : { layer: `layer${++layer}` }) };
  });
}

const buildkit = { comment: 'buildkit.dockerfile.v0' };
const kaniko = { author: 'kaniko' };

/** `layer → line` of the Dockerfile, from 1; `~` in front when the texts are only alike. */
function places(name: string, steps: readonly BuildStep[]): string[] {
  return matchHistory(sample(name), steps).steps.flatMap(({ step, instruction, exact }) =>
    step.layer === undefined ? [] : [`${exact ? '' : '~'}${step.layer} → ${instruction.range.start.line + 1}`],
  );
}

const similarity = (name: string, steps: readonly BuildStep[]): number =>
  Math.round(100 * matchHistory(sample(name), steps).similarity) / 100;

const hash = 'a3f5c1d2e4b6978012345678901234567890abcdefabcdefabcdefabcdef0123';

describe('history of docker build (classic) against its Dockerfile', () => {
  it('finds every layer of orders, COPY by its destination', () => {
    const steps = history({}, [
      '-/bin/sh -c #(nop)  ARG DEBIAN_FRONTEND=noninteractive',
      '-/bin/sh -c #(nop)  LABEL org.opencontainers.image.title=Harbour orders org.opencontainers.image.source=https://git.harbour.example/harbour/harbour',
      '|1 DEBIAN_FRONTEND=noninteractive /bin/sh -c apt-get update     && apt-get install -y --no-install-recommends nodejs libxml2-utils wget     && rm -rf /var/lib/apt/lists/*',
      '|1 DEBIAN_FRONTEND=noninteractive /bin/sh -c apt-get remove -y wget && apt-get purge -y curl && rm -rf /var/log/apt',
      '-/bin/sh -c #(nop)  ENV NODE_ENV=production PORT=8080',
      '/bin/sh -c #(nop) WORKDIR /app',
      `/bin/sh -c #(nop) COPY multi:${hash} in ./ `,
      `/bin/sh -c #(nop) COPY dir:${hash} in ./node_modules `,
      `/bin/sh -c #(nop) COPY dir:${hash} in ./src `,
      '-/bin/sh -c #(nop)  USER 10001:10001',
      '-/bin/sh -c #(nop)  EXPOSE 8080',
      '-/bin/sh -c #(nop)  CMD ["node" "src/server.js"]',
    ]);
    assert.deepEqual(places('services/orders', steps), [
      'layer1 → 8',
      'layer2 → 13',
      'layer3 → 16',
      '~layer4 → 17',
      '~layer5 → 18',
      '~layer6 → 19',
    ]);
    assert.equal(similarity('services/orders', steps), 1);
  });

  it('finds the layers of legacy, with ADD and a CMD of the shell form', () => {
    const steps = history({}, [
      '-/bin/sh -c #(nop)  MAINTAINER ops@harbour.example',
      '-/bin/sh -c #(nop)  ENV REPORT_DB_PASSWORD=Tide-and-time-2019',
      `/bin/sh -c #(nop) ADD file:${hash} in /opt/ `,
      '/bin/sh -c apt-get update',
      '/bin/sh -c apt-get install -y wget git vim-tiny',
      '/bin/sh -c cd /opt && tar xzf report-tool-1.9.tar.gz && rm report-tool-1.9.tar.gz',
      '/bin/sh -c curl -s http://downloads.harbour.example/install.sh | sh',
      '/bin/sh -c apt-get remove -y wget && apt-get purge -y vim-tiny',
      '/bin/sh -c rm -rf /usr/share/doc && mkdir /usr/share/doc && chmod -R 777 /opt/report-tool',
      `/bin/sh -c #(nop) ADD file:${hash} in /etc/cron.d/report `,
      '-/bin/sh -c #(nop)  EXPOSE 22 8081',
      '-/bin/sh -c #(nop)  CMD ["/bin/sh" "-c" "/opt/report-tool/run.sh"]',
    ]);
    assert.deepEqual(places('tools/legacy', steps), [
      '~layer1 → 5',
      'layer2 → 7',
      'layer3 → 8',
      'layer4 → 9',
      'layer5 → 10',
      'layer6 → 11',
      'layer7 → 12',
      '~layer8 → 14',
    ]);
    assert.equal(similarity('tools/legacy', steps), 1);
  });
});

describe('history of BuildKit against its Dockerfile', () => {
  it('finds the layers of gateway, with what only the build knew', () => {
    const steps = history(buildkit, [
      '-ARG TARGETARCH=amd64',
      '-LABEL org.opencontainers.image.title=Harbour gateway org.opencontainers.image.source=https://git.harbour.example/harbour/harbour',
      'COPY rootfs-amd64/ / # buildkit',
      'COPY nginx.conf /etc/nginx/nginx.conf # buildkit',
      'COPY --chmod=755 reload.sh /usr/local/bin/reload # buildkit',
      '-ENV NGINX_WORKERS=2',
      '-EXPOSE map[8443/tcp:{}]',
      '-STOPSIGNAL SIGQUIT',
      '-USER nginx',
      '-ENTRYPOINT ["/usr/sbin/nginx"]',
      '-CMD ["-g" "daemon off;"]',
    ]);
    assert.deepEqual(places('services/gateway', steps), ['layer1 → 9', 'layer2 → 10', 'layer3 → 11']);
    assert.equal(similarity('services/gateway', steps), 1);
  });

  it('finds the layers of a final stage that copies from another', () => {
    const steps = history(buildkit, [
      '-LABEL org.opencontainers.image.title=Harbour status page org.opencontainers.image.source=https://git.harbour.example/harbour/harbour',
      'COPY --chown=65532:65532 /pages /srv # buildkit',
      '-EXPOSE map[8082/tcp:{}]',
      '-CMD ["/usr/bin/static-server" "/srv"]',
    ]);
    assert.deepEqual(places('tools/status', steps), ['layer1 → 12']);
    assert.equal(similarity('tools/status', steps), 1);
  });

  it('finds the layers of base-debian with build arguments in front of RUN', () => {
    const steps = history(buildkit, [
      'ADD rootfs.tar / # buildkit',
      '-ARG DEBIAN_FRONTEND=noninteractive',
      '-LABEL org.opencontainers.image.title=Harbour base: Debian 12',
      'RUN |1 DEBIAN_FRONTEND=noninteractive /bin/sh -c apt-get update     && apt-get install -y --no-install-recommends ca-certificates curl openssl tzdata     && rm -rf /var/lib/apt/lists/* # buildkit',
      '-CMD ["bash"]',
    ]);
    assert.deepEqual(places('images/base-debian', steps), ['layer1 → 3', 'layer2 → 9']);
  });

  it('leaves the steps of the base out, and takes one instruction once', () => {
    const steps = history(buildkit, [
      'RUN /bin/sh -c apt-get update # buildkit',
      '-CMD ["bash"]',
      'RUN /bin/sh -c apt-get update # buildkit',
      'RUN /bin/sh -c apt-get install -y wget git vim-tiny # buildkit',
    ]).map((step, index) => (index < 2 ? { ...step, base: true } : step));
    assert.deepEqual(places('tools/legacy', steps), ['layer2 → 7', 'layer3 → 8']);
  });
});

describe('history of kaniko against its Dockerfile', () => {
  it('finds the layers of storefront by the lines as written', () => {
    const steps = history(kaniko, [
      '-LABEL org.opencontainers.image.title="Harbour storefront"       org.opencontainers.image.source="https://git.harbour.example/harbour/harbour"',
      '-WORKDIR /app',
      'COPY package*.json ./',
      'COPY node_modules ./node_modules',
      'COPY src ./src',
      '-ENV NODE_ENV=production',
      '-USER 10001',
      '-EXPOSE 3000',
      '-CMD ["node", "src/server.js"]',
    ]);
    assert.deepEqual(places('services/storefront', steps), ['layer1 → 6', 'layer2 → 7', 'layer3 → 8']);
    assert.equal(similarity('services/storefront', steps), 1);
  });
});

describe('history of Buildah against its Dockerfile', () => {
  it('finds the layers of reports', () => {
    const steps = history({ comment: 'FROM harbour.azurecr.example/base/static:12' }, [
      '-/bin/sh -c #(nop) LABEL org.opencontainers.image.title="Harbour reports"|inheritLabels=false',
      '/bin/sh -c #(nop) WORKDIR /app|inheritLabels=false',
      `/bin/sh -c #(nop) COPY dir:${hash} in ./ |inheritLabels=false`,
      '-/bin/sh -c #(nop) ENV REPORT_ZONE=Europe/Berlin REPORT_HOUR=3|inheritLabels=false',
      '-/bin/sh -c #(nop) ENTRYPOINT ["/app/reports"]|inheritLabels=false',
    ]);
    assert.deepEqual(places('services/reports', steps), ['layer1 → 4', '~layer2 → 5']);
    assert.equal(similarity('services/reports', steps), 1);
  });

  it('shows little when all became one layer', () => {
    const steps = history({}, ['/bin/sh|inheritLabels=false']);
    assert.deepEqual(places('services/reports', steps), []);
    assert.equal(similarity('services/reports', steps), 0);
  });
});

describe('alignment', () => {
  const match = (dockerfile: string, steps: readonly BuildStep[]) => matchHistory(parseDockerfile(dockerfile), steps);

  it('reads the script of a here-document', () => {
    const { steps } = match('FROM a\nRUN <<EOF\nset -e\n  make   all\nEOF\nRUN cat <<X > /f && b\ntext\nX\n', [
      { instruction: 'RUN', text: 'set -e make all', layer: 'one' },
      { instruction: 'RUN', text: 'cat <<X > /f && b text X', layer: 'two' },
    ]);
    assert.deepEqual(
      steps.map(({ step, exact }) => [step.layer, exact]),
      [
        ['one', true],
        ['two', true],
      ],
    );
  });

  it('keeps to the order of the file when instructions repeat', () => {
    const run = { instruction: 'RUN', text: 'apt-get update' };
    const { steps } = match('FROM a\nRUN apt-get update\nRUN make\nRUN apt-get update\n', [
      { ...run, layer: 'one' },
      { ...run, layer: 'two' },
    ]);
    assert.deepEqual(
      steps.map(({ step, instruction }) => [step.layer, instruction.range.start.line]),
      [
        ['one', 1],
        ['two', 3],
      ],
    );
  });

  it('leaves an edited RUN unmatched rather than wrong', () => {
    const { steps, similarity: share } = match('FROM a\nRUN make all\nRUN npm ci\n', [
      { instruction: 'RUN', text: 'pip install x', layer: 'one' },
      { instruction: 'RUN', text: 'npm ci', layer: 'two' },
    ]);
    assert.deepEqual(
      steps.map(({ step, instruction }) => [step.layer, instruction.range.start.line]),
      [['two', 2]],
    );
    assert.equal(share, 0.5);
  });

  it('says nothing of a stage without instructions', () => {
    assert.deepEqual(match('FROM a\n', [{ instruction: 'RUN', text: 'x' }]), { steps: [], similarity: 0 });
  });
});
