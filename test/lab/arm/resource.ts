// Resources as Resource Manager returns them, and a store that answers by id and by collection.
import type { Json, JsonObject } from '../json.ts';

export interface ArmResource extends JsonObject {
  /** As Azure writes it, with its case. */
  readonly id: string;
  readonly name: string;
  readonly type: string;
}

export interface ResourceFields {
  readonly location?: string;
  readonly kind?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly sku?: JsonObject;
  readonly identity?: JsonObject;
  readonly zones?: readonly string[];
  readonly managedBy?: string;
  readonly plan?: JsonObject;
  readonly properties?: JsonObject;
}

/** A resource of a resource group. `type` is `Microsoft.Storage/storageAccounts`, or longer for children. */
export function resource(
  group: string,
  type: string,
  names: string | readonly string[],
  fields: ResourceFields = {},
): ArmResource {
  const [namespace = '', ...types] = type.split('/');
  const all = typeof names === 'string' ? [names] : names;
  const path = types.map((part, index) => `${part}/${all[index] ?? ''}`).join('/');
  return { id: `${group}/providers/${namespace}/${path}`, name: all.at(-1) ?? '', type, ...asJson(fields) };
}

/** A child such as `blobServices/default`. */
export function child(parent: ArmResource, type: string, name: string, fields: ResourceFields = {}): ArmResource {
  return { id: `${parent.id}/${type}/${name}`, name, type: `${parent.type}/${type}`, ...asJson(fields) };
}

/** An extension such as `Microsoft.Insights/diagnosticSettings`, on a resource, a group or a subscription. */
export function extension(scope: string, type: string, name: string, fields: ResourceFields = {}): ArmResource {
  const [namespace = '', ...types] = type.split('/');
  return { id: `${scope}/providers/${namespace}/${types.join('/')}/${name}`, name, type, ...asJson(fields) };
}

function asJson(fields: ResourceFields): JsonObject {
  const entries = Object.entries(fields) as [string, Json | undefined][];
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** The parts of an ARM id or path. */
export interface ArmPath {
  /** Everything before the last `/providers/`; empty for the tenant. */
  readonly scope: string;
  /** `Microsoft.Storage/storageAccounts/blobServices`; empty when there is no provider. */
  readonly type: string;
  /** A name for each part of the type; one fewer for a collection. */
  readonly names: readonly string[];
  readonly isCollection: boolean;
}

/** Takes a path apart that has been collapsed and decoded. */
export function parseArmPath(path: string): ArmPath {
  const parts = path.split('/').filter((part) => part !== '');
  const provider = parts.findLastIndex((part) => part.toLowerCase() === 'providers');
  if (provider < 0) return { scope: path, type: '', names: [], isCollection: false };
  const [namespace = '', ...rest] = parts.slice(provider + 1);
  const types = rest.filter((_, index) => index % 2 === 0);
  const names = rest.filter((_, index) => index % 2 === 1);
  const scope = provider === 0 ? '' : `/${parts.slice(0, provider).join('/')}`;
  return { scope, type: [namespace, ...types].join('/'), names, isCollection: types.length > names.length };
}

/** Types whose collection at a subscription or group holds what lies deeper too, although they extend other resources. */
const subtreeExtensions = new Set([
  'microsoft.authorization/locks',
  'microsoft.authorization/policyassignments',
  'microsoft.authorization/policyexemptions',
  'microsoft.security/assessments',
]);

const extensionTypes = new Set([
  ...subtreeExtensions,
  'microsoft.insights/diagnosticsettings',
  'microsoft.security/pricings',
  'microsoft.security/advancedthreatprotectionsettings',
]);

export class ResourceStore {
  readonly #byId = new Map<string, ArmResource>();
  readonly #byType = new Map<string, ArmResource[]>();
  readonly #now: (one: ArmResource) => ArmResource;

  /** `now` gives the state of a resource at the time of asking. */
  constructor(resources: readonly ArmResource[], now: (one: ArmResource) => ArmResource = (one) => one) {
    this.#now = now;
    for (const one of resources) {
      this.#byId.set(one.id.toLowerCase(), one);
      const type = one.type.toLowerCase();
      const same = this.#byType.get(type);
      if (same === undefined) this.#byType.set(type, [one]);
      else same.push(one);
    }
  }

  get(id: string): ArmResource | undefined {
    const found = this.#byId.get(id.toLowerCase());
    return found === undefined ? undefined : this.#now(found);
  }

  all(): IteratorObject<ArmResource> {
    return this.#byId.values().map((one) => this.#now(one));
  }

  /** The type as Azure writes it, as far as any resource tells. */
  properType(type: string): string {
    return this.#byType.get(type.toLowerCase())?.[0]?.type ?? type;
  }

  /** What a GET of the collection's path lists, in the order of the ids. */
  collection(path: string): ArmResource[] {
    const { scope, type, names } = parseArmPath(path);
    const same = this.#byType.get(type.toLowerCase()) ?? [];
    const direct = `${path.toLowerCase().replace(/\/+$/, '')}/`;
    const lowerType = type.toLowerCase();
    const spansScope = names.length === 0 && (!extensionTypes.has(lowerType) || subtreeExtensions.has(lowerType));
    const prefix = `${scope.toLowerCase()}/`;
    return same
      .filter(({ id }) => {
        const lower = id.toLowerCase();
        return lower.startsWith(direct) || (spansScope && lower.startsWith(prefix));
      })
      .toSorted((a, b) => (a.id.toLowerCase() < b.id.toLowerCase() ? -1 : 1))
      .map((one) => this.#now(one));
  }
}
