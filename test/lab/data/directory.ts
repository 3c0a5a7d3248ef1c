// Who exists in the lab's directory: tenants, applications, groups. All ids are invented.

interface AppSecret {
  readonly secretId: string;
  readonly value: string;
  /** ISO time. */
  readonly expires: string;
}

export interface App {
  readonly name: string;
  readonly displayName: string;
  readonly tenantId: string;
  readonly clientId: string;
  /** Object id of the service principal: what role assignments name. */
  readonly objectId: string;
  readonly secrets: readonly AppSecret[];
  readonly enabled: boolean;
  /** A Conditional Access policy for workload identities refuses the sign-in. */
  readonly blocked: boolean;
  /** Granted application permissions of Microsoft Graph. */
  readonly graphRoles: readonly string[];
  /** Groups that it is a member of, transitively. */
  readonly groups: readonly string[];
}

export interface Tenant {
  readonly tenantId: string;
  readonly displayName: string;
  readonly domain: string;
}

export interface SignInData {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

export const tenant: Tenant = {
  tenantId: 'c0a57a1e-1111-4222-8333-444455556666',
  displayName: 'Harbour Logistics',
  domain: 'harbour.onmicrosoft.test',
};

/** A directory that holds no subscription of the lab. */
const otherTenant: Tenant = {
  tenantId: 'fab21ca0-9999-4888-8777-666655554444',
  displayName: 'Fabrikam Shipping',
  domain: 'fabrikam.onmicrosoft.test',
};

export const tenants: readonly Tenant[] = [tenant, otherTenant];

export const groups = {
  platformTeam: { objectId: '9a0b0001-0000-4000-8000-000000000001', displayName: 'Platform team' },
  scanners: { objectId: '9a0b0002-0000-4000-8000-000000000002', displayName: 'Security scanners' },
} as const;

export const people = {
  owner: { objectId: '9e09e001-0000-4000-8000-000000000001', displayName: 'Mara Lind' },
  developer: { objectId: '9e09e002-0000-4000-8000-000000000002', displayName: 'Tomas Berg' },
} as const;

const farAway = '2027-11-01T00:00:00Z';

function app(name: string, number: number, overrides: Partial<App> = {}): App {
  const suffix = String(number).padStart(12, '0');
  return {
    name,
    displayName: `plimsoll-${name}`,
    tenantId: tenant.tenantId,
    clientId: `a9911ca7-0000-4000-8000-${suffix}`,
    objectId: `5e71ce00-0000-4000-8000-${suffix}`,
    // characters that must survive the form encoding
    secrets: [
      {
        secretId: `5ec7e71d-0000-4000-8000-${suffix}`,
        value: `LAB8Q~marker.${name}-secret+/=&0${number}`,
        expires: farAway,
      },
    ],
    enabled: true,
    blocked: false,
    graphRoles: [],
    groups: [],
    ...overrides,
  };
}

export const apps = {
  good: app('good', 1, { graphRoles: ['Directory.Read.All', 'Policy.Read.All'], groups: [groups.scanners.objectId] }),
  readerOnly: app('readerOnly', 2),
  noRoles: app('noRoles', 3),
  expiredSecret: app('expiredSecret', 4, {
    secrets: [
      {
        secretId: '5ec7e71d-0000-4000-8000-000000000004',
        value: 'LAB8Q~marker.expired-secret+/=&04',
        expires: '2026-05-01T00:00:00Z',
      },
    ],
  }),
  disabledApp: app('disabledApp', 5, { enabled: false }),
  blocked: app('blocked', 6, { blocked: true }),
  otherTenant: app('otherTenant', 7, { tenantId: otherTenant.tenantId }),
  /** Holds AcrPull and nothing else. */
  pullOnly: app('pullOnly', 8),
  /** Pushes images; not a reader. */
  pipeline: app('pipeline', 9),
} as const satisfies Record<string, App>;

export const allApps: readonly App[] = Object.values(apps);

function signIn(from: App, overrides: Partial<SignInData> = {}): SignInData {
  return { tenantId: from.tenantId, clientId: from.clientId, clientSecret: from.secrets[0]!.value, ...overrides };
}

/** Sign-ins by what is right or wrong with them. */
export const namedSignIns: Readonly<Record<string, SignInData>> = {
  good: signIn(apps.good),
  readerOnly: signIn(apps.readerOnly),
  noRoles: signIn(apps.noRoles),
  pullOnly: signIn(apps.pullOnly),
  wrongSecret: signIn(apps.good, { clientSecret: 'LAB8Q~this-is-not-the-secret-of-anything' }),
  secretId: signIn(apps.good, { clientSecret: apps.good.secrets[0]!.secretId }),
  expiredSecret: signIn(apps.expiredSecret),
  disabledApp: signIn(apps.disabledApp),
  blocked: signIn(apps.blocked),
  unknownApp: signIn(apps.good, { clientId: 'dead0000-0000-4000-8000-000000000000' }),
  wrongTenant: signIn(apps.good, { tenantId: 'dead0000-1111-4000-8000-000000000000' }),
  malformedTenant: signIn(apps.good, { tenantId: 'harbour-logistics' }),
  otherTenant: signIn(apps.otherTenant),
};
