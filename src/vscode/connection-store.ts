import type { Memento, SecretStorage } from 'vscode';
import * as z from 'zod';
import type { Connection, ConnectionSecret } from '../azure/types.ts';
import type { Log, Redactor } from '../core/log.ts';
import type { ConnectionStore } from '../engine-contract.ts';
import { compareText } from '../core/order.ts';
import { storageKeys } from './ids.ts';

const connectionShape = z.object({
  id: z.string().min(1).max(100),
  name: z.string().min(1).max(64),
  description: z.string().exactOptional(),
  cloud: z.enum(['public', 'usGovernment', 'china', 'custom']),
  signIn: z.literal('servicePrincipalSecret'),
  secretExpires: z.string().exactOptional(),
  state: z.enum(['unverified', 'verifying', 'active', 'gaps', 'failed', 'secretMissing', 'paused']),
  verifiedAt: z.string().exactOptional(),
  lastScanAt: z.string().exactOptional(),
  capabilities: z.array(z.enum(['registries', 'posture', 'aks', 'defender'])),
  createdAt: z.string(),
});

const secretShape = z.object({
  tenantId: z.string().min(1),
  clientId: z.string().min(1),
  clientSecret: z.string().min(1),
  subscriptionIds: z.array(z.string()),
});

/** Connections in the editor: what is confidential in secret storage, one record a connection; the rest in global state. */
export interface EditorConnectionStore extends ConnectionStore {
  /** What is known without asking anybody; reads global state alone. */
  snapshot(): readonly Connection[];
  /** Ends verifications that a window which is gone left running. */
  settle(): Promise<void>;
}

export interface ConnectionStorePorts {
  readonly state: Pick<Memento, 'get' | 'update'>;
  readonly secrets: Pick<SecretStorage, 'get' | 'store' | 'delete'>;
  readonly redactor: Redactor;
  readonly log: Log;
  readonly onDidChange: () => void;
}

export function createConnectionStore(ports: ConnectionStorePorts): EditorConnectionStore {
  /** Secrets that the store did not keep: the person is asked once a session, so they live as long as the session. */
  const unkept = new Map<string, ConnectionSecret>();
  let writing: Promise<unknown> = Promise.resolve();

  const key = (id: string): string => `${storageKeys.secretPrefix}${id}`;

  const snapshot = (): readonly Connection[] => {
    const stored: unknown = ports.state.get(storageKeys.connections);
    if (!Array.isArray(stored)) return [];
    const connections: Connection[] = [];
    for (const entry of stored) {
      const parsed = connectionShape.safeParse(entry);
      if (parsed.success) connections.push(parsed.data);
      else ports.log.warn('stored connection unreadable', { issue: parsed.error.issues[0]?.path.join('.') });
    }
    return connections.sort((a, b) => compareText(a.name, b.name));
  };

  /** One change after the other: each reads the list, changes it and waits until it is kept. */
  const change = async (edit: (list: readonly Connection[]) => readonly Connection[]): Promise<void> => {
    const turn = writing.then(async () => {
      await ports.state.update(storageKeys.connections, edit(snapshot()));
    });
    writing = turn.catch(() => undefined); // the caller sees the failure; the next change must not
    await turn;
    ports.onDidChange();
  };

  const secret = async (id: string): Promise<ConnectionSecret | undefined> => {
    const text = await ports.secrets.get(key(id));
    if (text === undefined) return unkept.get(id);
    const parsed = secretShape.safeParse(parseOrUndefined(text));
    if (!parsed.success) {
      ports.log.warn('stored credentials unreadable', { connection: id });
      return unkept.get(id);
    }
    ports.redactor.register(parsed.data.clientSecret);
    return parsed.data;
  };

  return {
    snapshot,
    list: () => Promise.resolve(snapshot()),
    save: (connection) => {
      const parsed = connectionShape.parse(connection); // drops what is not named above, so no secret can slip in
      return change((list) => [...list.filter(({ id }) => id !== parsed.id), parsed]);
    },
    async remove(id) {
      await change((list) => list.filter((connection) => connection.id !== id));
      unkept.delete(id);
      await ports.secrets.delete(key(id));
    },
    secret,
    async saveSecret(id, value) {
      const record = secretShape.parse(value);
      ports.redactor.register(record.clientSecret);
      const text = JSON.stringify(record);
      try {
        await ports.secrets.store(key(id), text);
        if ((await ports.secrets.get(key(id))) === text) {
          unkept.delete(id);
          return true;
        }
      } catch (error) {
        ports.log.error('secret storage failed', error, { connection: id });
      }
      unkept.set(id, record);
      return false;
    },
    async settle() {
      if (!snapshot().some(({ state }) => state === 'verifying')) return;
      await change((list) =>
        list.map((connection) =>
          connection.state === 'verifying' ? { ...connection, state: 'unverified' } : connection,
        ),
      );
    },
  };
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
