import type { Cataloguer, KeepFilter, KeepRule } from './types.ts';

/** The first of the filters that wants a path. */
export function anyOf(filters: readonly KeepFilter[]): KeepFilter {
  return (path) => {
    for (const filter of filters) {
      const rule = filter(path);
      if (rule !== undefined) return rule;
    }
    return undefined;
  };
}

export function keepForCataloguer(cataloguer: Cataloguer, isOfInterest: (path: string) => boolean): KeepFilter {
  const rule: KeepRule = {
    maxBytes: cataloguer.maxFileBytes,
    ...(cataloguer.extract === undefined ? {} : { extract: (file) => cataloguer.extract?.({ ...file, isOfInterest }) }),
    ...(cataloguer.byContent === true ? { byContent: true } : {}),
    ...(cataloguer.reduce === undefined
      ? {}
      : { reduce: (path, bytes) => cataloguer.reduce?.(path, bytes, isOfInterest) ?? bytes }),
  };
  return (path) => (cataloguer.wants(path) ? rule : undefined);
}
