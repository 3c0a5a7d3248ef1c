import fc from 'fast-check';

const digits = fc.constantFrom('0', '00', '1', '01', '2', '9', '10', '99999999999999999999', '100000000000000000000');
const numbers = (most: number) => fc.array(digits, { minLength: 1, maxLength: most }).map((parts) => parts.join('.'));
const words = fc.constantFrom('a', 'b', 'rc', 'alpha', 'beta', 'dev', 'pre', 'A', 'Z', 'x', 'p', 'git');
const joined = (...parts: readonly fc.Arbitrary<string>[]) => fc.tuple(...parts).map((list) => list.join(''));
const repeated = (part: fc.Arbitrary<string>, most: number) =>
  fc.array(part, { maxLength: most }).map((list) => list.join(''));
const maybe = (part: fc.Arbitrary<string>) => fc.oneof(fc.constant(''), part);

/**
 * Versions of the shape of each scheme, by its id; the order is total over them. For Maven that is one style of separators:
 * three versions that mix them have no order in Maven itself.
 */
export const wellFormed: Readonly<Record<string, fc.Arbitrary<string>>> = {
  deb: joined(
    fc.constantFrom('', '0:', '1:', '10:'),
    digits,
    fc.string({ unit: fc.constantFrom('0', '1', '9', '.', '+', '~', '-', 'a', 'Z'), maxLength: 6 }),
    fc.constantFrom('', '-0', '-1', '-1ubuntu2', '-1~bpo1', '-1+b2'),
  ).filter((version) => !version.endsWith('-')),
  apk: joined(
    numbers(4),
    fc.constantFrom('', '', 'a', 'z'),
    repeated(
      joined(
        fc.constantFrom('_alpha', '_beta', '_pre', '_rc', '_cvs', '_svn', '_git', '_hg', '_p'),
        fc.oneof(fc.constant(''), digits),
      ),
      2,
    ),
    fc.constantFrom('', '', '~abc', '~abd'),
    fc.constantFrom('', '-r', '-r0', '-r1', '-r10'),
  ),
  maven: joined(
    numbers(4),
    repeated(
      joined(
        fc.constant('-'),
        fc.constantFrom('alpha', 'beta', 'rc', 'cr', 'snapshot', 'ga', 'Final', 'sp', 'jre', 'redhat', 'x', '1', '2'),
      ),
      2,
    ),
  ),
  nuget: joined(
    numbers(4),
    maybe(
      fc
        .array(fc.constantFrom('0', '1', '10', 'a', 'A', 'rc', '1a', '-', 'a-b'), { minLength: 1, maxLength: 3 })
        .map((list) => `-${list.join('.')}`),
    ),
    fc.constantFrom('', '', '+b.1'),
  ),
  packagist: joined(
    fc.constantFrom('', 'v', 'V'),
    numbers(4),
    repeated(joined(fc.constantFrom('-', '.', '_', '+', ''), fc.oneof(words, digits)), 3),
  ).filter((version) => !version.includes('.x')),
  pep440: fc.oneof(
    joined(
      fc.constantFrom('', 'v', '0!', '1!'),
      numbers(4),
      maybe(joined(fc.constantFrom('', '.', '-'), fc.constantFrom('a', 'b', 'rc', 'Alpha', 'c'), maybe(digits))),
      maybe(joined(fc.constantFrom('.post', '-r', 'rev', '-'), digits)),
      maybe(joined(fc.constantFrom('.dev', 'dev', '-dev'), maybe(digits))),
      maybe(joined(fc.constant('+'), fc.constantFrom('1', '2', '01', 'a', 'A', 'a.1', 'a.b', '1-1'))),
    ),
    repeated(fc.oneof(digits, words, fc.constantFrom('.', '-', '_', '~')), 6).filter((text) => text !== ''),
  ),
  rpm: joined(
    fc.constantFrom('', '', '0:', '1:', '10:', 'a:'),
    digits,
    repeated(joined(fc.constantFrom('.', '~', '^', '_', '..', ''), fc.oneof(digits, words)), 3),
    maybe(joined(fc.constant('-'), digits, maybe(fc.constantFrom('.el8', '.el9_2', '~rc1', '^git1', '.')))),
  ),
  rubygems: joined(
    numbers(4),
    repeated(joined(fc.constantFrom('.', '-'), fc.oneof(words, digits, fc.constantFrom('rc1', '1a', 'a0'))), 3),
  ).filter((version) => !/-.*\.-/.test(version)),
  semver: joined(
    fc.constantFrom('', 'v'),
    numbers(4),
    fc
      .array(fc.constantFrom('0', '1', '10', 'a', 'A', 'rc', '1a', '-', 'a-b'), { maxLength: 3 })
      .map((list) => (list.length === 0 ? '' : `-${list.join('.')}`)),
    fc.constantFrom('', '', '+b.1'),
  ),
};
