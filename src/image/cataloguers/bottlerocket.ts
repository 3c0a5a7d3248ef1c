import * as z from 'zod';
import { parseJson } from '../../core/json.ts';
import { toRecord } from '../rpm/header.ts';
import { decodeText } from '../text-lines.ts';
import type { Cataloguer } from '../types.ts';
import { toPackage } from './rpm.ts';

const inventory =
  /^(?:(?:x86_64|aarch64)-bottlerocket-linux-gnu\/sys-root\/)?usr\/share\/bottlerocket\/application-inventory\.json$/;

const shape = z.object({ Content: z.array(z.unknown()) });
const applicationShape = z.object({
  Name: z.string().min(1),
  Version: z.string().min(1),
  Release: z.string().min(1),
  Epoch: z.union([z.string(), z.number()]).exactOptional(),
  Architecture: z.string().exactOptional(),
  Publisher: z.string().exactOptional(),
});

/** The list of what Bottlerocket was built of: it has no package manager. Bottlerocket, "application inventory". */
export const bottlerocketInventory: Cataloguer = {
  id: 'bottlerocket-inventory',
  maxFileBytes: 16 * 1024 * 1024,
  database: true,
  wants: (path) => path.endsWith('/application-inventory.json') && inventory.test(path),
  async *read(file, _image, signal) {
    const parsed = shape.safeParse(parseJson(decodeText(await file.bytes(signal)), `"${file.path}"`));
    if (!parsed.success) {
      yield { kind: 'problem', problem: { path: file.path, reason: 'it is no application inventory' } };
      return;
    }
    for (const [index, item] of parsed.data.Content.entries()) {
      const found = applicationShape.safeParse(item);
      if (!found.success) {
        const reason = `entry ${index + 1} has no name, version or release: passed over`;
        yield { kind: 'problem', problem: { path: file.path, reason } };
        continue;
      }
      const { Name: name, Version: version, Release: release, Epoch: epoch, Architecture: architecture } = found.data;
      const number = Number(epoch ?? 0);
      const record = toRecord({
        name,
        version,
        release,
        ...(Number.isSafeInteger(number) && number >= 0 ? { epoch: number } : {}),
        ...(architecture === undefined ? {} : { architecture }),
        ...(found.data.Publisher === undefined ? {} : { vendor: found.data.Publisher }),
      });
      yield { kind: 'package', package: toPackage(record, file.path) };
    }
  },
};
