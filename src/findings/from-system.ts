import type { EndOfLife } from './end-of-life.ts';
import { businessFacts, registryFacts } from './facts.ts';
import type { ImageFindingsInput } from './from-image.ts';
import { evaluateFinding } from './priority/evaluate.ts';
import { toExplanation } from './priority/explanation.ts';
import type { FindingDraft, Remediation } from './types.ts';

export interface SystemFindingInput extends Omit<
  ImageFindingsInput,
  'match' | 'sourceOf' | 'candidatesOf' | 'endOfLife'
> {
  readonly endOfLife: EndOfLife;
}

const check = 'os-end-of-life';

/**
 * The finding of an image whose operating system gets no more security updates: after that day its advisories fall silent,
 * so a short list of vulnerabilities proves nothing. Depends on its input alone.
 */
export function findingOfSystem(input: SystemFindingInput): FindingDraft {
  const { report, asset, endOfLife } = input;
  const { os } = report;
  const name = os?.name ?? `${os?.id ?? 'The operating system'} ${os?.version ?? ''}`.trim();
  const id = `${check}|${asset.id}`;
  const running = input.placements.filter(({ container }) => container.running);
  return {
    id,
    kind: 'configuration',
    sourceTool: input.sourceTool,
    check,
    title: `${name} is past its end of life`,
    summary: `${name} gets no security updates since ${endOfLife.since}. Vulnerabilities found later are not fixed in it and often not even listed for it, so few findings do not mean that few are there.`,
    asset,
    ...(input.connectionId === undefined ? {} : { connectionId: input.connectionId }),
    ...(input.subscriptionId === undefined ? {} : { subscriptionId: input.subscriptionId }),
    application: input.application,
    explanation: toExplanation(
      evaluateFinding({
        finding: id,
        kind: 'posture',
        base: { level: 'High', source: 'Plimsoll' },
        factors: [...registryFacts(input.registry), ...businessFacts(input.tags, input.business)],
      }),
    ),
    result: 'open',
    aliases: [],
    knownExploited: false,
    running: running.length > 0,
    internetFacing: running.some(({ workload }) => workload.exposure.class === 'internet'),
    evidence: [
      { label: 'Operating system', value: name },
      { label: 'Last day with security updates', value: endOfLife.since },
      ...(input.baseName === undefined ? [] : [{ label: 'Base image', value: input.baseName }]),
    ],
    remediation: [remediationOf(input)],
    references: [endOfLife.page],
    affected: [],
  };
}

function remediationOf({ endOfLife, baseName }: SystemFindingInput): Remediation {
  const what = baseName === undefined ? 'Build the image' : `Replace the base image ${baseName}, and build the image`;
  return {
    kind: 'text',
    text: `${what} on a release that is maintained, such as ${endOfLife.supported}.`,
    caution: 'A newer release has newer versions of most packages: run the tests of the image.',
  };
}
