import { isGuid } from '../azure/input.ts';
import type { ConnectionSecret } from '../azure/types.ts';

/** The service principal that `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_CLIENT_SECRET` name; undefined when one is missing. */
export function principalFromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): ConnectionSecret | undefined {
  const read = (name: string): string => environment[name]?.trim() ?? '';
  const tenantId = read('AZURE_TENANT_ID').toLowerCase();
  const clientId = read('AZURE_CLIENT_ID').toLowerCase();
  const clientSecret = read('AZURE_CLIENT_SECRET');
  const subscription = read('AZURE_SUBSCRIPTION_ID').toLowerCase();
  if (tenantId === '' || clientId === '' || clientSecret === '') return undefined;
  return { tenantId, clientId, clientSecret, subscriptionIds: isGuid(subscription) ? [subscription] : [] };
}
