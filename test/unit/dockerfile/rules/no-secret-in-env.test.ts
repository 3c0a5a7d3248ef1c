import assert from 'node:assert/strict';
import { checkDockerfile } from '../../../../src/dockerfile/check.ts';
import { applyFixes } from '../../../../src/dockerfile/edits.ts';
import { noSecretInEnv } from '../../../../src/dockerfile/rules/no-secret-in-env.ts';
import { describeRule, today } from '../support.ts';

/** Values that look real are put together here, so that no scanner takes this file for a leak. */
const made = {
  github: `ghp_${'a1B2'.repeat(9)}`,
  npm: `npm_${'a1B2'.repeat(9)}`,
  aws: `AKIA${'A1B2'.repeat(4)}`,
  jwt: ['eyJhbGciOiJub25lIn0', 'eyJzdWIiOiIxMjM0NTY3ODkwIn0', 'x'].join('.'),
  key: '-----BEGIN RSA PRIVATE' + ' KEY-----',
};

describeRule(noSecretInEnv, {
  instructions: [
    'ENV DB_PASSWORD=«Tide-and-time»',
    'ENV DB_PASSWORD «Tide and time»',
    'ENV PGPASSWORD="«Tide and time»"',
    "ENV A=1 API_KEY='«k-123 456»' B=2",
    'ENV A=1 \\\n    # of the test system\n    CLIENT_SECRET=«abc\\ def» \\\n    B=2',
    'ENV CLIENT_SECRET=«abc» A=1',
    'ENV CLIENT_SECRET=«abc» DB_PASS=def A=1',
    'ENV A=1 CLIENT_SECRET=«abc» DB_PASS=def B=2 AUTH_TOKEN=ghi',
    'ENV SECRET_KEY_BASE=«0123456789abcdef»',
    'ENV DJANGO_SECRET_KEY=«insecure»',
    'ENV MSSQL_SA_PASSWORD=«changeme»',
    'ENV accessToken=«abcdef»',
    `ENV WHATEVER=«${made.github}»`,
    `ENV WHATEVER=«${made.npm}»`,
    `ENV WHATEVER=«${made.aws}»`,
    `ENV WHATEVER=«${made.jwt}»`,
    `ENV PEM="«${made.key}»"`,
    'ENV DATABASE_URL=«postgres://app:Tide-and-time@db.example/app»',
    'ENV ConnectionStrings__Shop="«Server=db.example;User Id=app;Password=Tide-and-time;»"',
    'ENV STORAGE="«DefaultEndpointsProtocol=https;AccountName=x;AccountKey=0123456789abcdefghij==»"',
  ],
  files: [
    'FROM debian:12\nARG NPM_TOKEN\nENV NPM_TOKEN=«$NPM_TOKEN»\nUSER 10001\n',
    'FROM debian:12\nARG NPM_TOKEN\nENV NPM_TOKEN=«${NPM_TOKEN:-}»\nUSER 10001\n',
    'FROM debian:12 AS one\nARG NPM_TOKEN\nFROM debian:12\nARG OTHER NPM_TOKEN=x\nENV NPM_TOKEN=«${NPM_TOKEN}» A=b\n',
  ],
  passingInstructions: [
    'ENV DB_PASSWORD_FILE=/run/secrets/db',
    'ENV DB_PASSWORD=/run/secrets/db',
    'ENV DB_PASSWORD=',
    'ENV DB_PASSWORD=""',
    'ENV TOKEN_TTL=3600 TOKEN_URL=https://login.example/token PASSWORD_MIN_LENGTH=12',
    'ENV DB_PASSWORD=$OTHER',
    'ENV DB_PASSWORD=${OTHER:-}',
    'ENV DB_PASSWORD=<your-password> API_KEY=******* CLIENT_SECRET=xxxxx',
    'ENV ALLOW_EMPTY_PASSWORD=yes',
    'ENV AUTH=basic PWD=/app AUTHOR=me SECRETARY=you COMPASS=north',
    'ENV DATABASE_URL=postgres://app:$PW@db.example/app',
    'ENV HOME=https://user@host.example/',
    'ENV PASSWORD',
    'RUN PASSWORD=abc ./x',
    'LABEL password=abc',
  ],
  passingFiles: [
    'FROM debian:12 AS one\nARG TOKEN\nFROM debian:12\nENV TOKEN=$TOKEN\n',
    'FROM debian:12\nENV TOKEN=$TOKEN\nARG TOKEN\n',
  ],
});

describe('df-no-secret-in-env: fix', () => {
  const fixed = (text: string): string => {
    const { file, violations } = checkDockerfile(text, { today });
    const [fix] = violations.find(({ rule }) => rule === 'df-no-secret-in-env')?.fixes ?? [];
    assert.ok(fix);
    assert.equal(fix.safe, false);
    return `${fix.title}\n${applyFixes(file, [fix])}`;
  };

  it('removes the whole instruction when nothing else stands in it', () => {
    assert.equal(
      fixed('FROM debian:12\n  ENV DB_PASSWORD=abc \\\n  API_KEY=def\nUSER 10001\n'),
      'Remove the secret, to be passed when the container runs\nFROM debian:12\nUSER 10001\n',
    );
    assert.equal(
      fixed('FROM debian:12\nENV DB_PASSWORD=abc'),
      'Remove the secret, to be passed when the container runs\nFROM debian:12',
    );
  });

  it('keeps the other variables with their lines and comments', () => {
    assert.equal(
      fixed('FROM debian:12\nENV A=1 \\\n    # b\n    B=2 \\\n    DB_PASSWORD=abc \\\n    C=3\n'),
      'Remove the secret, to be passed when the container runs\nFROM debian:12\nENV A=1 \\\n    # b\n    B=2 \\\n    C=3\n',
    );
    assert.equal(
      fixed('FROM debian:12\nENV DB_PASSWORD=abc \\\n    API_KEY=def \\\n    C=3\n'),
      'Remove the secret, to be passed when the container runs\nFROM debian:12\nENV C=3\n',
    );
  });

  it('gives the secret to those RUN instructions behind it that use it', () => {
    assert.equal(
      fixed(
        'FROM node:22\nRUN echo $NPM_TOKEN\nENV NPM_TOKEN=abc\nRUN npm ci --token "${NPM_TOKEN}"\nRUN npm test\nFROM node:22\nRUN echo $NPM_TOKEN\n',
      ),
      'Remove the secret and use a build secret\nFROM node:22\nRUN echo $NPM_TOKEN\nRUN --mount=type=secret,id=npm-token,env=NPM_TOKEN npm ci --token "${NPM_TOKEN}"\nRUN npm test\nFROM node:22\nRUN echo $NPM_TOKEN\n',
    );
  });

  it('shortens long names in the message', () => {
    const [violation] = checkDockerfile(`FROM debian:12\nENV ${'A'.repeat(300)}_PASSWORD=abc\nUSER 1\n`, {
      today,
    }).violations;
    assert.equal(violation?.rule, 'df-no-secret-in-env');
    assert.ok(violation.message.length <= 120);
  });
});
