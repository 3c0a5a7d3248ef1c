import type { RegistryKey } from './data/registries.ts';
import type { ImageFinder, RunnableImage } from './data/workloads.ts';
import type { BuiltImages } from './images/main.ts';
import type { Origin } from './origin.ts';
import type { Specimens } from './registry/specimens.ts';

/** Images by repository; what was not built is stood in for by specimens. */
export function imageFinder(
  built: BuiltImages | undefined,
  specimens: Specimens,
  origins: Readonly<Record<RegistryKey, Origin>>,
): ImageFinder {
  return (wanted): RunnableImage => {
    const image = built?.images.findLast((one) => one.repository === wanted && one.tag !== '');
    if (image !== undefined) {
      const { registry, repository: name, tag, digest, indexDigest } = image;
      return {
        host: origins[registry].host,
        repository: name,
        tag,
        digest,
        ...(indexDigest === undefined ? {} : { indexDigest }),
      };
    }
    const wantsIndex = wanted === 'services/gateway';
    const specimen = specimens.images.find(({ indexDigest }) => (indexDigest !== undefined) === wantsIndex);
    if (specimen === undefined) throw new Error('The lab has no specimens.');
    const { repository: name, tag, digest, indexDigest } = specimen;
    return {
      host: origins.acronly.host,
      repository: name,
      tag,
      digest,
      ...(indexDigest === undefined ? {} : { indexDigest }),
    };
  };
}
