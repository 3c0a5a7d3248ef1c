import { isIP } from 'node:net';
import * as z from 'zod';
import { BadInputError } from '../core/errors.ts';
import type { Cloud } from './types.ts';

const registryAudience = 'https://containerregistry.azure.net';

/** Azure. Endpoints as in azure-cli, "azure/cli/core/cloud.py". */
export const publicCloud: Cloud = {
  id: 'public',
  name: 'Azure',
  authorityHost: 'https://login.microsoftonline.com',
  armEndpoint: 'https://management.azure.com',
  armAudience: 'https://management.azure.com',
  registryAudience,
  registrySuffix: '.azurecr.io',
  blobHosts: ['.blob.core.windows.net'],
  graphEndpoint: 'https://graph.microsoft.com',
  portalUrl: 'https://portal.azure.com',
};

/** Azure for the US Government. Endpoints as in azure-cli. */
export const usGovernmentCloud: Cloud = {
  id: 'usGovernment',
  name: 'Azure US Government',
  authorityHost: 'https://login.microsoftonline.us',
  armEndpoint: 'https://management.usgovcloudapi.net',
  armAudience: 'https://management.usgovcloudapi.net',
  registryAudience,
  registrySuffix: '.azurecr.us',
  blobHosts: ['.blob.core.usgovcloudapi.net'],
  graphEndpoint: 'https://graph.microsoft.us',
  portalUrl: 'https://portal.azure.us',
};

/** Azure operated by 21Vianet. Endpoints as in azure-cli; the older authority name is an alias of this one. */
export const chinaCloud: Cloud = {
  id: 'china',
  name: 'Azure China',
  authorityHost: 'https://login.partner.microsoftonline.cn',
  armEndpoint: 'https://management.chinacloudapi.cn',
  armAudience: 'https://management.chinacloudapi.cn',
  registryAudience,
  registrySuffix: '.azurecr.cn',
  blobHosts: ['.blob.core.chinacloudapi.cn'],
  graphEndpoint: 'https://microsoftgraph.chinacloudapi.cn',
  portalUrl: 'https://portal.azure.cn',
};

/** Clouds whose endpoints are known, in the order in which they are offered. */
export const knownClouds: readonly Cloud[] = [publicCloud, usGovernmentCloud, chinaCloud];

const origin = z
  .string()
  .trim()
  .refine(isHttpsOrigin, 'it must be an https address without a path, such as https://login.contoso.test:8443')
  .transform((text) => new URL(text).origin);

/** Audiences are names, not addresses: they keep their path and their trailing slash. */
const audience = z
  .string()
  .trim()
  .refine((text) => isHttps(text) || /^[0-9a-f-]{36}$/i.test(text), 'it must be an https address or an application id');

const customSettings = z.object({
  authorityHost: origin,
  armEndpoint: origin,
  armAudience: audience,
  registryAudience: audience,
  registrySuffix: z
    .string()
    .trim()
    .toLowerCase()
    .regex(/^\.?(?!-)[a-z0-9-]+(\.[a-z0-9-]+)*$/, 'it must be the ending of host names, such as .azurecr.contoso.test'),
  blobHosts: z
    .array(
      z
        .string()
        .trim()
        .toLowerCase()
        .refine(isBlobHost, 'each must be a suffix such as .blob.contoso.test, or host:port'),
    )
    .max(50, 'at most 50 hosts'),
  graphEndpoint: origin.optional(),
  portalUrl: z.string().trim().refine(isHttps, 'it must be an https address').optional(),
});

/**
 * A cloud from the endpoints in a person's settings (Azure Stack Hub, air-gapped clouds). Throws BadInputError that
 * names the first wrong field.
 */
export function customCloud(settings: unknown): Cloud {
  const result = customSettings.safeParse(dropEmpty(settings));
  if (!result.success) {
    const issue = result.error.issues[0];
    const field = issue?.path.map(String).join('.') ?? '';
    throw new BadInputError(
      field === ''
        ? 'Cannot use the custom cloud: its settings are not an object'
        : `Cannot use the custom cloud: "${field}" is ${issue?.code === 'invalid_type' ? 'missing or of another type' : `wrong: ${issue?.message ?? 'not valid'}`}`,
      'Correct it in the setting plimsoll.customCloud, or in the file given with --cloud.',
    );
  }
  const { graphEndpoint, portalUrl, registrySuffix, ...rest } = result.data;
  return {
    id: 'custom',
    name: 'Custom cloud',
    ...rest,
    // an address is a whole host; anything else ends a host name
    registrySuffix:
      registrySuffix.startsWith('.') || isIP(registrySuffix) !== 0 ? registrySuffix : `.${registrySuffix}`,
    ...(graphEndpoint === undefined ? {} : { graphEndpoint }),
    ...(portalUrl === undefined ? {} : { portalUrl: portalUrl.replace(/\/+$/, '') }),
  };
}

/** The cloud with this id; `custom` reads `settings`. Throws BadInputError. */
export function cloudById(id: Cloud['id'], settings?: unknown): Cloud {
  if (id === 'custom') return customCloud(settings);
  const known = knownClouds.find((cloud) => cloud.id === id);
  if (known === undefined) {
    throw new BadInputError(`There is no cloud "${id}"`, 'Use public, usGovernment, china or custom.');
  }
  return known;
}

/** The known cloud that an endpoint (of the authority or of Resource Manager) belongs to. */
export function cloudOfEndpoint(url: string): Cloud | undefined {
  const host = URL.canParse(url) ? new URL(url).hostname : undefined;
  if (host === undefined) return undefined;
  const older: Readonly<Record<string, Cloud>> = {
    'login.chinacloudapi.cn': chinaCloud,
    'login.windows.net': publicCloud,
    'management.core.windows.net': publicCloud,
    'management.core.usgovcloudapi.net': usGovernmentCloud,
    'management.core.chinacloudapi.cn': chinaCloud,
  };
  return (
    knownClouds.find((cloud) =>
      [cloud.authorityHost, cloud.armEndpoint].some((own) => new URL(own).hostname === host),
    ) ?? (Object.hasOwn(older, host) ? older[host] : undefined)
  );
}

/** Whether a host, with or without port, can be a registry of this cloud by its name. */
export function isRegistryHost(cloud: Cloud, host: string): boolean {
  const name = host.toLowerCase().replace(/:\d+$/, '');
  return cloud.registrySuffix.startsWith('.') ? name.endsWith(cloud.registrySuffix) : name === cloud.registrySuffix;
}

export function armScope(cloud: Cloud): string {
  return `${cloud.armAudience}/.default`;
}

export function registryScope(cloud: Cloud): string {
  return `${cloud.registryAudience}/.default`;
}

/** Undefined where the cloud has no Microsoft Graph. */
export function graphScope(cloud: Cloud): string | undefined {
  return cloud.graphEndpoint === undefined ? undefined : `${cloud.graphEndpoint}/.default`;
}

/** The page of a resource in the portal. */
export function portalResourceUrl(cloud: Cloud, tenantId: string, resourceId: string): string | undefined {
  return cloud.portalUrl === undefined ? undefined : `${cloud.portalUrl}/#@${tenantId}/resource${resourceId}`;
}

/** The page of an app registration in the portal: `credentials` or `permissions`. */
export function portalAppUrl(cloud: Cloud, clientId: string, page: 'credentials' | 'permissions'): string | undefined {
  if (cloud.portalUrl === undefined) return undefined;
  const blade = page === 'credentials' ? 'Credentials' : 'CallAnAPI';
  return `${cloud.portalUrl}/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/${blade}/appId/${clientId}`;
}

function isHttps(text: string): boolean {
  return URL.canParse(text) && new URL(text).protocol === 'https:';
}

function isHttpsOrigin(text: string): boolean {
  if (!isHttps(text)) return false;
  const url = new URL(text);
  return url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
}

function isBlobHost(text: string): boolean {
  if (text.startsWith('.')) return /^\.[a-z0-9-]+(\.[a-z0-9-]+)+(:\d{1,5})?$/.test(text);
  const [, host = '', port] = /^(.*?)(?::(\d{1,5}))?$/.exec(text) ?? [];
  return port !== undefined && (isIP(host) !== 0 || /^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(host));
}

/** Settings editors leave empty strings behind; they mean "not set". */
function dropEmpty(settings: unknown): unknown {
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) return settings;
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== '' && value !== null));
}
