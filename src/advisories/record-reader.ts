import type { EcosystemFile } from './ecosystem-file.ts';
import type { StoredHead } from './osv.ts';

const cvePattern = /^CVE-\d{4}-\d{4,}$/;
/** `DEBIAN-CVE-2024-1234`: a distribution's record about one CVE. */
const cveRecord = /^[A-Z]+-(CVE-\d{4}-\d{4,})$/;
/** Records that are followed from one to the next. */
const mostFollowed = 50;

export function isCve(id: string): boolean {
  return cvePattern.test(id);
}

/** Heads of records with the CVEs they are about, each read once. */
export class RecordReader {
  readonly #file: EcosystemFile;
  readonly #heads = new Map<number, StoredHead>();
  readonly #cves = new Map<StoredHead, readonly string[]>();

  constructor(file: EcosystemFile) {
    this.#file = file;
  }

  head(record: number): StoredHead {
    let head = this.#heads.get(record);
    if (head === undefined) {
      head = this.#file.head(record);
      this.#heads.set(record, head);
    }
    return head;
  }

  headOf(osv: string): StoredHead | undefined {
    return this.#file.headOf(osv);
  }

  /** OSV schema, "upstream": what a distribution's record is about; from record to record, but not back. */
  cves(head: StoredHead): readonly string[] {
    let cves = this.#cves.get(head);
    if (cves === undefined) {
      cves = this.#follow(head);
      this.#cves.set(head, cves);
    }
    return cves;
  }

  #follow(head: StoredHead): readonly string[] {
    const out = new Set<string>();
    const seen = new Set<string>();
    const open = [head.id, ...(head.aliases ?? []), ...(head.upstream ?? [])];
    for (let id = open.shift(); id !== undefined; id = open.shift()) {
      if (seen.has(id)) continue;
      seen.add(id);
      const cve = isCve(id) ? id : cveRecord.exec(id)?.[1];
      if (cve !== undefined) out.add(cve);
      else if (id !== head.id && seen.size <= mostFollowed) open.push(...(this.#file.headOf(id)?.upstream ?? []));
    }
    return [...out];
  }
}
