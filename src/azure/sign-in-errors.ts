import { NotSignedInError } from '../core/errors.ts';
import type { Cloud } from './types.ts';

/** The box that holds the wrong value; `none` when no value of the connection is wrong. */
export type SignInField = 'tenant' | 'client' | 'secret' | 'none';

/** What a refusal of the identity service means to the person in front of us. */
export interface SignInExplanation {
  readonly code: number;
  readonly field: SignInField;
  readonly say: string;
  readonly next: string;
  /** Trying again without a change is pointless. */
  readonly fatal: boolean;
}

/** Values that make the sentences concrete. */
export interface SignInContext {
  readonly cloud: Cloud;
  readonly clientId?: string;
  /** True when the secret has the shape of a Secret ID. */
  readonly secretLooksLikeId?: boolean;
}

type Row = readonly [
  codes: readonly number[],
  field: SignInField,
  say: string | ((context: SignInContext) => string),
  next: string | ((context: SignInContext) => string),
  fatal: boolean,
];

const askAdministrator = 'Ask your Entra administrator.';
const defect = 'This is a defect of Plimsoll. Report it with the log.';
const resetCommand = ({ clientId }: SignInContext): string =>
  `az ad app credential reset --id ${clientId ?? '<client id>'} --append`;

/** Microsoft Entra, "Microsoft Entra authentication and authorization error codes". Text of the service may change; its numbers do not. */
const table: readonly Row[] = [
  [
    [90002],
    'tenant',
    ({ cloud }) => `No tenant with this ID in ${cloud.name}.`,
    'Check the tenant ID (Entra admin center, Overview). If the tenant lives in another cloud, choose that cloud.',
    true,
  ],
  [
    [900023],
    'tenant',
    'The tenant is neither an ID nor a domain name.',
    'Paste the Directory (tenant) ID, a GUID.',
    true,
  ],
  [
    [700016],
    'client',
    'This tenant has no application with this client ID.',
    'Compare the client ID (Application ID, not Object ID) and the tenant. An application of several tenants must first be consented in this one; a new application needs a minute to appear.',
    true,
  ],
  [
    [7000215],
    'secret',
    ({ secretLooksLikeId }) =>
      secretLooksLikeId === true
        ? 'Azure refused the secret. It looks like the Secret ID; Azure needs the Value.'
        : 'Azure refused the secret. Check that it is the Value, not the Secret ID.',
    (context) => `Paste the Value, shown only once; make a new secret if it is gone: ${resetCommand(context)}.`,
    true,
  ],
  [
    [7000222],
    'secret',
    'This secret has expired. Create a new one.',
    (context) =>
      `Create a new secret (App registrations, Certificates & secrets, or ${resetCommand(context)}) and enter it.`,
    true,
  ],
  [
    [7000112],
    'none',
    `The application is disabled in this tenant. ${askAdministrator}`,
    ({ clientId }) =>
      `An administrator enables sign-in: Enterprise applications, Properties, or az ad sp update --id ${clientId ?? '<client id>'} --set accountEnabled=true.`,
    true,
  ],
  [[7000216, 7000218], 'secret', 'No client secret reached Azure.', 'Enter the secret again.', true],
  [
    [700025],
    'client',
    'The application is registered as a public client, which has no secret.',
    'Use an application that is a confidential client.',
    true,
  ],
  [
    [53003],
    'none',
    `A Conditional Access policy blocks this sign-in. ${askAdministrator}`,
    'Usually the network location counts: use an allowed network or have the policy changed. The evidence is in Entra, Sign-in logs, Service principal sign-ins, tab Conditional Access.',
    true,
  ],
  [
    [53000, 53001, 53002, 53004, 53005, 53006, 53007, 53008, 53009, 53010, 53011],
    'none',
    `A Conditional Access condition (risk, device or location) blocks this sign-in. ${askAdministrator}`,
    'The evidence is in Entra, Sign-in logs, Service principal sign-ins, tab Conditional Access.',
    true,
  ],
  [
    [65001, 90094, 650056, 650057],
    'none',
    'The application lacks consent for what was asked.',
    'An administrator grants consent: App registrations, API permissions, Grant admin consent.',
    true,
  ],
  [
    [500011],
    'none',
    'This tenant does not know the service that the token is for.',
    'The audience does not fit this cloud, or the service is not set up in the tenant. Check the cloud of the connection.',
    true,
  ],
  [
    [500014],
    'none',
    `The service that the token is for is disabled in this tenant. ${askAdministrator}`,
    'An administrator enables it again under Enterprise applications.',
    true,
  ],
  [
    [50001],
    'none',
    'This cloud does not know the service that the token is for.',
    'Set the registry audience of that cloud in plimsoll.customCloud.',
    true,
  ],
  [[70011], 'none', 'The scope that was asked for is malformed.', defect, true],
  [[700022], 'none', 'Tokens for several services were asked for at once.', defect, true],
  [
    [900144],
    'none',
    'A value did not reach Azure: the client ID or the secret is empty.',
    'Enter the client ID and the secret again.',
    true,
  ],
  [
    [9001023],
    'tenant',
    'This sign-in needs one tenant, not "common" or "organizations".',
    'Enter the ID of the tenant.',
    true,
  ],
  [
    [900382, 900432],
    'none',
    'The application is registered in another cloud.',
    'Choose the cloud in which the application is registered.',
    true,
  ],
  [[90038], 'tenant', 'This tenant belongs to a national cloud.', 'Choose that cloud.', true],
  [
    [700024],
    'none',
    'The proof of identity is outside its time of validity.',
    'Set the clock of this machine: it is wrong by more than five minutes.',
    true,
  ],
  [[50196], 'none', 'Azure saw the same sign-in too often.', 'Wait some minutes, then try again.', false],
  [[90055], 'none', 'Azure limits the sign-ins of this tenant at the moment.', 'Try again in some minutes.', false],
  [[90033, 90024, 90006], 'none', 'The identity service has a passing fault.', 'Try again in a minute.', false],
];

/** What a code means; undefined for one that is not known. */
export function explainSignIn(code: number, context: SignInContext): SignInExplanation | undefined {
  const row = table.find(([codes]) => codes.includes(code));
  if (row === undefined) return undefined;
  const [, field, say, next, fatal] = row;
  return {
    code,
    field,
    say: typeof say === 'string' ? say : say(context),
    next: typeof next === 'string' ? next : next(context),
    fatal,
  };
}

/** The box to go back to after a failed sign-in; `none` for anything that is no refusal of a value. */
export function fieldOfSignInError(error: unknown): SignInField {
  if (!(error instanceof Error) || !('aadsts' in error) || typeof error.aadsts !== 'number') return 'none';
  const { aadsts } = error;
  return table.find(([codes]) => codes.includes(aadsts))?.[1] ?? 'none';
}

export interface SignInRefusal {
  readonly code?: number;
  /** The service's own first sentence, cut before its ids. */
  readonly sentence: string;
  readonly traceId?: string;
  readonly correlationId?: string;
  readonly timestamp?: string;
}

/** Takes the text of a refusal apart, whatever wrapped it: the token endpoint's description or an SDK's message. */
export function parseSignInRefusal(text: string): SignInRefusal {
  const bounded = text.slice(0, 16 * 1024);
  const code = /AADSTS(\d{4,8})/.exec(bounded)?.[1];
  const traceId = /Trace ID: ?([0-9a-f-]{36})/i.exec(bounded)?.[1];
  const correlationId = /Correlation ID: ?([0-9a-f-]{36})/i.exec(bounded)?.[1];
  const timestamp = /Timestamp: ?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ)/.exec(bounded)?.[1];
  const described = code === undefined ? bounded : bounded.slice(bounded.indexOf(`AADSTS${code}`));
  const sentence = described
    .replace(/^AADSTS\d+: ?/, '')
    .split(/\s*(?:Trace ID:|Correlation ID:|Timestamp:|- (?:Correlation|Trace) ID)/)[0];
  return {
    sentence: (sentence ?? '').replace(/\s+/g, ' ').trim().slice(0, 500),
    ...(code === undefined ? {} : { code: Number(code) }),
    ...(traceId === undefined ? {} : { traceId }),
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(timestamp === undefined ? {} : { timestamp }),
  };
}

/** The error for a refusal of the identity service, explained where its code is known. */
export function signInError(text: string, context: SignInContext, cause?: unknown): NotSignedInError {
  const refusal = parseSignInRefusal(text);
  const known = refusal.code === undefined ? undefined : explainSignIn(refusal.code, context);
  const support = [
    refusal.traceId === undefined ? '' : `trace ID ${refusal.traceId}`,
    refusal.correlationId === undefined ? '' : `correlation ID ${refusal.correlationId}`,
    refusal.timestamp === undefined ? '' : `at ${refusal.timestamp}`,
  ].filter((part) => part !== '');
  const ids = support.length === 0 ? '' : ` Support will ask for ${support.join(', ')}.`;
  const options = { aadsts: refusal.code, traceId: refusal.traceId, ...(cause === undefined ? {} : { cause }) };
  if (known !== undefined) return new NotSignedInError(known.say, known.next, options);
  const described = refusal.sentence === '' ? 'no reason was given' : refusal.sentence;
  return refusal.code === undefined
    ? new NotSignedInError(
        `Cannot sign in: ${described}`,
        `Check tenant, client, secret and cloud, then try again.${ids}`,
        options,
      )
    : new NotSignedInError(
        `Cannot sign in: ${described} (AADSTS${refusal.code})`,
        `Read https://login.microsoftonline.com/error?code=${refusal.code} for what it means.${ids}`,
        options,
      );
}
