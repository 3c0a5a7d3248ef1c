import { verify as verifyConnection } from '../connectivity/verify.ts';
import type { StepState } from '../connectivity/types.ts';
import { oneOf, readArguments, usage } from './arguments.ts';
import { azureDeps, environmentConnection, readCloud, readIdentity } from './azure.ts';
import { type Command, exitCodes } from './command.ts';

const words: Readonly<Record<StepState, string>> = {
  pass: 'passed',
  fail: 'FAILED',
  warn: 'attention',
  pending: 'waiting',
  running: 'running',
  blocked: 'blocked',
  skipped: 'skipped',
  cancelled: 'cancelled',
};

export const verify: Command = {
  name: 'verify',
  summary: 'test what a service principal can reach and read',
  help: `Usage: plimsoll verify [options]

Tests sign-in, subscriptions, roles, registries and clusters, reading only. The identity comes from AZURE_TENANT_ID,
AZURE_CLIENT_ID, AZURE_CLIENT_SECRET and AZURE_SUBSCRIPTION_ID (several separated by commas; none: all).

Options:
  --cloud public|usGovernment|china|<file>   the cloud (default public)
  --format text|json                         form of the result (default text)

Exit code 3 when a required step failed.
`,
  async run(args, context) {
    const { values, positionals } = readArguments('verify', args, {
      cloud: { type: 'string' },
      format: { type: 'string' },
    });
    if (positionals.length > 0) throw usage('verify', `Unexpected argument "${positionals[0] ?? ''}"`);
    const format = oneOf('verify', 'format', values.format, ['text', 'json'] as const, 'text');
    const cloud = await readCloud(values.cloud);
    const secret = readIdentity(context);
    const deps = azureDeps(context);
    try {
      const result = await verifyConnection({
        connection: environmentConnection(cloud),
        secret,
        cloud,
        deps,
        ranFrom: 'this computer',
        secretExpiryWarningDays: 30,
        signal: context.signal,
      });
      if (context.signal.aborted) return exitCodes.interrupted;
      if (format === 'json') {
        await context.out(`${JSON.stringify({ schema: 'plimsoll.verify/1', ...result }, undefined, 2)}\n`);
      } else {
        for (const step of result.steps) {
          await context.out(
            `${words[step.state].padEnd(10)} ${step.title}${step.reason === undefined ? '' : `: ${step.reason}`}\n`,
          );
          if (step.state !== 'fail' && step.state !== 'warn') continue;
          if (step.nextStep !== undefined) await context.out(`           → ${step.nextStep}\n`);
          if (step.command !== undefined)
            await context.out(`           $ ${step.command.text.replaceAll('\n', '\n             ')}\n`);
        }
        const passed = result.steps.filter(({ state }) => state === 'pass').length;
        await context.out(`${passed} of ${result.steps.length} steps passed: ${result.verdict}\n`);
      }
      return result.verdict === 'failed' ? exitCodes.partial : exitCodes.done;
    } finally {
      deps.close();
    }
  },
};
