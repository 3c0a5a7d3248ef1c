import { originsOfLayers } from '../image/layer-origin.ts';
import type { ImageReport } from '../image/types.ts';
import type { Evidence, Remediation, SourceLink } from './types.ts';

export interface LayerPlacesInput {
  readonly report: ImageReport;
  /** Digests of the layers of the base image; undefined when it is not known. */
  readonly baseLayers?: ReadonlySet<string>;
  readonly baseName?: string;
  readonly baseIsGuess?: boolean;
  /** History entries that belong to the base; undefined when its history is not known. */
  readonly baseEntries?: number;
  readonly candidatesOf?: (item: { readonly layer?: string }) => readonly {
    readonly path: string;
    readonly line?: number;
    readonly score: number;
    readonly signals: readonly string[];
  }[];
}

/** What findings of one image say of the layers they come from: base or own, and who made them. */
export class LayerPlaces {
  readonly #input: LayerPlacesInput;
  readonly #origins: ReadonlyMap<string, { readonly madeBy: string; readonly change: string }>;

  constructor(input: LayerPlacesInput) {
    this.#input = input;
    const origins = originsOfLayers(input.report.config);
    this.#origins = new Map(
      input.report.layers.flatMap(({ digest }, index) => {
        const origin = origins[index];
        return origin === undefined ? [] : [[digest, origin] as const];
      }),
    );
  }

  /** True, false, or undefined when the base is not known or only guessed. */
  isBase(layer: string | undefined): boolean | undefined {
    const { baseLayers, baseIsGuess } = this.#input;
    if (layer === undefined || baseLayers === undefined || baseIsGuess === true) return undefined;
    return baseLayers.has(layer);
  }

  evidence(layer: string | undefined, source: SourceLink | undefined): Evidence[] {
    if (layer === undefined) return [];
    const origin = this.#origins.get(layer);
    const candidates = source === undefined ? (this.#input.candidatesOf?.({ layer }) ?? []) : [];
    return [
      { label: 'Comes from', value: this.#side(layer) },
      ...(origin === undefined ? [] : [{ label: 'Made by', value: origin.madeBy }]),
      ...candidates.map(({ path, line, score, signals }) => ({
        label: 'Possible Dockerfile',
        value: `${path}${line === undefined ? '' : `:${line}`} (${score} of 100: ${signals.join('; ')})`,
      })),
    ];
  }

  /** Whose history entry it is, when the history of the base is known. */
  entryEvidence(entry: number): Evidence[] {
    const { baseEntries, baseName, baseIsGuess } = this.#input;
    if (baseEntries === undefined) return [];
    const named = baseName === undefined ? '' : ` ${baseName}`;
    const side = entry < baseEntries ? `the base image${named}` : 'this image';
    return [{ label: 'Comes from', value: baseIsGuess === true ? `probably ${side}: a guess from the history` : side }];
  }

  /** For layers that no Dockerfile made: what to change instead. Those of a base are its owner's. */
  remediation(layer: string | undefined): Remediation[] {
    const origin = layer === undefined || this.isBase(layer) === true ? undefined : this.#origins.get(layer);
    return origin === undefined ? [] : [{ kind: 'text', text: `Made by ${origin.madeBy}. ${origin.change}` }];
  }

  #side(layer: string): string {
    const { report, baseLayers, baseName, baseIsGuess } = this.#input;
    const number = report.layers.findIndex(({ digest }) => digest === layer) + 1;
    const at = `layer ${number} of ${report.layers.length}`;
    if (baseLayers === undefined) return `${at}; the base image is not known`;
    const side = baseLayers.has(layer)
      ? `the base image${baseName === undefined ? '' : ` ${baseName}`}`
      : 'a layer of this image';
    return baseIsGuess === true ? `probably ${side}, ${at}: a guess from the history` : `${side}, ${at}`;
  }
}
