import { decodeText, textLines } from '../text-lines.ts';
import type { Cataloguer } from '../types.ts';
import { fileNameOf, isKernelPath, isWord } from './places.ts';

const specification = /(?:^|\/)specifications\/(?:default\/)?[^/]+\.gemspec$/;
/** Lines looked at; what is wanted stands near the top. */
const maxLines = 2000;
const maxLine = 2000;

/**
 * Gems by the specifications that RubyGems wrote when it installed them (a gem's own source specification lies below
 * `gems/` and is another). They are Ruby programs, of which two assignments are read; what those do not say plainly says
 * the name of the file: `<name>-<version>[-<platform>].gemspec`. RubyGems, "Specification Reference".
 */
export const gemInstalled: Cataloguer = {
  id: 'gem-installed',
  maxFileBytes: 16 * 1024 * 1024,
  wants: (path) => path.endsWith('.gemspec') && specification.test(path) && !isKernelPath(path),
  reduce(_path, bytes) {
    const { name, version } = readSpecification(decodeText(bytes));
    let text = 'Gem::Specification.new do |s|\n';
    if (name !== undefined) text += `s.name = "${name}"\n`;
    if (version !== undefined) text += `s.version = "${version}"\n`;
    return Buffer.from(text, 'utf8');
  },
  async *read(file, _image, signal) {
    const said = readSpecification(decodeText(await file.bytes(signal)));
    const named = /^(.+?)-(\d[0-9A-Za-z.]*)(?:-[^/]*)?\.gemspec$/.exec(fileNameOf(file.path));
    const name = said.name ?? named?.[1];
    const version = said.version ?? named?.[2];
    if (name === undefined || version === undefined || !isWord(name) || !isWord(version)) {
      yield { kind: 'problem', problem: { path: file.path, reason: 'it does not say name and version' } };
      return;
    }
    yield { kind: 'package', package: { type: 'gem', name, version, path: file.path } };
  },
};

function readSpecification(text: string): { name: string | undefined; version: string | undefined } {
  let variable: string | undefined;
  let name: string | undefined;
  let version: string | undefined;
  for (const { text: line, number } of textLines(text)) {
    if (number > maxLines || (name !== undefined && version !== undefined)) break;
    const code = line.slice(0, maxLine).trimStart();
    if (code.startsWith('#')) continue;
    variable ??= /\bGem::Specification\.new(?:\s*\([^)]*\))?\s*(?:do|\{)\s*\|\s*(\w+)\s*\|/.exec(code)?.[1];
    if (variable === undefined) continue;
    for (const statement of code.split(';')) {
      const [, owner, key, value = ''] = /(?:^|\s)(\w+)\.(name|version)\s*=(?!=)\s*(.*)$/.exec(statement) ?? [];
      if (owner !== variable) continue;
      if (key === 'name') name ??= literal(value);
      else version ??= literal(value);
    }
  }
  return { name, version };
}

/** A string literal without interpolation, perhaps frozen or made a version; undefined for what has to be computed. */
function literal(expression: string): string | undefined {
  const found =
    /^(?:Gem::Version\.(?:new|create)\s*\(?\s*)?(?:"([^"\\#]*)"|'([^'\\]*)')(?:\.freeze)?\s*\)?(?:\.freeze)?\s*(?:#.*)?$/.exec(
      expression.trim(),
    );
  const text = found?.[1] ?? found?.[2];
  return text === '' ? undefined : text;
}
