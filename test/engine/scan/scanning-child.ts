// A host that is killed in the middle of a scan: says which image it finished, then goes on.
import { engineOnLab } from './engine-on-lab.ts';
import type { LabData } from '../../lab/types.ts';

process.once('message', (message) => {
  void (async () => {
    const { lab, dataDir } = message as { lab: LabData; dataDir: string }; // from the test that started this
    const host = await engineOnLab(lab, { dataDir, settings: { concurrency: 1 } });
    await host.scan({}, undefined, ({ text, done }) => process.send?.({ text, done }));
    process.send?.({ text: 'ended', done: -1 });
  })();
});
