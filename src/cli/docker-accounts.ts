import { readFile, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { systemClock } from '../core/clock.ts';
import { LimitExceededError } from '../core/errors.ts';
import type { HttpClient } from '../core/http.ts';
import { createHelperRunner } from '../registry/credential-helper.ts';
import { type DockerConfig, maxDockerConfigBytes, parseDockerConfig } from '../registry/docker-config.ts';
import { createDockerCredentials } from '../registry/docker-credentials.ts';
import type { RegistryCredentials } from '../registry/types.ts';
import type { CommandContext } from './command.ts';

/**
 * What `docker login` left, from `config.json` in `DOCKER_CONFIG` or `~/.docker`. For registries that stand on the command
 * line: those were named by the person whose accounts they are.
 */
export function dockerAccounts(http: HttpClient, { env, log, redactor }: CommandContext): RegistryCredentials {
  const folder = env['DOCKER_CONFIG'] ?? '';
  const file = path.join(folder === '' ? path.join(os.homedir(), '.docker') : folder, 'config.json');
  let read: Promise<DockerConfig | undefined> | undefined;
  return createDockerCredentials({
    http,
    clock: systemClock,
    log,
    config: () => (read ??= readConfig(file)),
    askHelper: createHelperRunner({ env }),
    onSecret: (value) => redactor.register(value),
  });
}

async function readConfig(file: string): Promise<DockerConfig | undefined> {
  let text: string;
  try {
    const { size } = await stat(file);
    if (size > maxDockerConfigBytes) {
      throw new LimitExceededError(`Cannot read "${file}": it is larger than 1 MiB`, 'Check DOCKER_CONFIG.');
    }
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return undefined; // nobody signed in here
    }
    throw error;
  }
  return parseDockerConfig(text, `"${file}"`);
}
