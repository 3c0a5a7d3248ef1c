// The switches of a lab for other processes: plain http on loopback, outside everything that is tested.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FaultBoard, FaultKind, FaultRule, LabSettings } from './faults.ts';
import type { Journal } from './journal.ts';
import { isObject, parseJson, type Json } from './json.ts';

export interface Control {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  close(): Promise<void>;
}

const kinds: readonly FaultKind[] = [
  'status', 'html', 'reset', 'cut', 'slow', 'foreignNextLink', 'emptyPage', 'claimsChallenge', 'redirect', 'corrupt',
  'aadsts', 'expireContinue',
]; // prettier-ignore

/**
 * `GET /handle`; `GET` and `DELETE /requests`; `GET`, `POST` and `DELETE /faults` (a POST adds one rule and answers its
 * id); `GET` and `POST /settings` (a POST changes those that it names); `POST /reset`.
 */
export async function startControl(parts: {
  readonly faults: FaultBoard;
  readonly journal: Journal;
  readonly handle: () => Json;
}): Promise<Control> {
  const server: Server = createServer((request, response) => {
    const respond = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
      response.end(JSON.stringify(body));
    };
    readText(request).then(
      (text) => {
        const [status, body] = act(parts, `${request.method ?? ''} ${request.url ?? ''}`, text);
        respond(status, body);
      },
      () => respond(400, { error: 'The request could not be read.' }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function act(
  { faults, journal, handle }: { readonly faults: FaultBoard; readonly journal: Journal; readonly handle: () => Json },
  asked: string,
  text: string,
): readonly [status: number, body: unknown] {
  switch (asked) {
    case 'GET /handle':
      return [200, handle()];
    case 'GET /requests':
      return [200, journal.list()];
    case 'DELETE /requests':
      journal.clear();
      return [200, {}];
    case 'GET /faults':
      return [200, faults.list()];
    case 'POST /faults': {
      const rule = parseJson(text);
      if (!isFaultRule(rule)) return [400, { error: `"kind" must be one of ${kinds.join(', ')}.` }];
      return [200, { id: faults.add(rule) }];
    }
    case 'DELETE /faults':
    case 'POST /reset':
      faults.reset();
      return [200, {}];
    case 'GET /settings':
      return [200, faults.settings];
    case 'POST /settings': {
      const changes = parseJson(text);
      const unknown = isObject(changes)
        ? Object.keys(changes).filter((name) => !(name in faults.settings))
        : ['the body'];
      if (unknown.length > 0) return [400, { error: `There is no setting "${unknown.join('", "')}".` }];
      // names were checked; the values come from a test of this repository
      faults.configure(changes as Partial<LabSettings>);
      return [200, faults.settings];
    }
    default:
      return [404, { error: `There is nothing at "${asked}".` }];
  }
}

function isFaultRule(value: unknown): value is FaultRule {
  return isObject(value) && kinds.some((kind) => kind === value['kind']);
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
