import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { createHelperRunner } from '../../../src/registry/credential-helper.ts';

const signal = new AbortController().signal;

describe('a credential helper', () => {
  let folder: string;
  let before: string;

  beforeEach(() => {
    before = process.cwd();
    folder = mkdtempSync(path.join(os.tmpdir(), 'plimsoll-helper-'));
  });
  afterEach(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });

  function install(script: string, at = folder): void {
    const file = path.join(at, 'docker-credential-test');
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  }
  const env = (): Record<string, string> => ({ PATH: `${folder}:/usr/bin:/bin`, KEPT: 'yes' });
  const ask = (timeoutMs?: number, abort = signal) =>
    createHelperRunner({ env: env(), ...(timeoutMs === undefined ? {} : { timeoutMs }) })('test', 'r.example', abort);

  it('is told the registry on its input and answers with an account', async () => {
    install(`cat >"${folder}/input"; echo "$@ $KEPT" >"${folder}/words"
echo '{"ServerURL":"r.example","Username":"bosun","Secret":"rope"}'`);
    assert.deepEqual(await ask(), { kind: 'password', username: 'bosun', password: 'rope' });
    assert.equal(readFileSync(path.join(folder, 'input'), 'utf8'), 'r.example\n');
    assert.equal(readFileSync(path.join(folder, 'words'), 'utf8'), 'get yes\n');
  });

  it('may answer with an identity token', async () => {
    install(`echo '{"Username":"<token>","Secret":"refresh-me"}'`);
    assert.deepEqual(await ask(), { kind: 'identity', token: 'refresh-me' });
  });

  it('may know no account', async () => {
    install('echo "credentials not found in native keychain"; exit 1');
    assert.equal(await ask(), undefined);
  });

  it('may answer with nothing, or be only the name of a folder', async () => {
    install(`echo '{"Username":"bosun","Secret":""}'`);
    assert.equal(await ask(), undefined);
    rmSync(path.join(folder, 'docker-credential-test'));
    mkdirSync(path.join(folder, 'docker-credential-test'));
    await assert.rejects(ask(), { code: 'bad-input', message: /no such program/ });
  });

  it('that is not installed is told', async () => {
    await assert.rejects(ask(), { code: 'bad-input', message: /"docker-credential-test".*no such program/ });
  });

  it('is never taken from the current folder', async () => {
    const here = path.join(folder, 'here');
    mkdirSync(here);
    install(`touch "${folder}/ran"; echo '{"Username":"u","Secret":"s"}'`, here);
    process.chdir(here);
    for (const PATH of ['', '.', ':', '.:/nowhere', './', 'here']) {
      await assert.rejects(createHelperRunner({ env: { PATH } })('test', 'r.example', signal), { code: 'bad-input' });
    }
    assert.equal(existsSync(path.join(folder, 'ran')), false);
  });

  it('that fails is told without what it printed', async () => {
    install('echo "secret-rope"; echo "secret-rope" >&2; exit 3');
    await assert.rejects(ask(), (error: Error) => {
      assert.match(error.message, /ended with 3/);
      assert.doesNotMatch(inspect(error), /secret-rope/);
      return true;
    });
  });

  it('that answers something else is told without the answer', async () => {
    for (const said of [
      'secret-rope',
      '{"Secret":"secret-rope"',
      '["secret-rope"]',
      '{"Username":1,"Secret":"secret-rope"}',
    ]) {
      install(`cat <<'END'\n${said}\nEND`);
      await assert.rejects(ask(), (error: Error & { code: string }) => {
        assert.equal(error.code, 'unexpected-response');
        assert.doesNotMatch(inspect(error), /secret-rope/);
        return true;
      });
    }
  });

  it('that hangs is ended', async () => {
    install('sleep 60');
    const started = performance.now();
    await assert.rejects(ask(200), { code: 'timed-out' });
    assert.ok(performance.now() - started < 5000);
  });

  it('that never stops printing is ended', async () => {
    install('while :; do echo "0123456789012345678901234567890123456789"; done');
    await assert.rejects(ask(), { code: 'limit-exceeded' });
  });

  it('ends when it is cancelled', async () => {
    install('sleep 60');
    const stop = new AbortController();
    const asked = ask(undefined, stop.signal);
    setTimeout(() => stop.abort(), 50);
    await assert.rejects(asked, { name: 'AbortError' });
  });

  it('gets its name and address as they are, without a shell', async () => {
    install(`cat >"${folder}/input"; echo '{"Username":"u","Secret":"s"}'`);
    await createHelperRunner({ env: env() })('test', `$(touch ${folder}/ran)`, signal);
    assert.equal(existsSync(path.join(folder, 'ran')), false);
    assert.equal(readFileSync(path.join(folder, 'input'), 'utf8'), `$(touch ${folder}/ran)\n`);
  });
});
