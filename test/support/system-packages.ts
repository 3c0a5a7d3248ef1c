// Debian packages that tests and `npm start` need beyond npm; installs what is missing.
import { findProgram, run, runScript, type Log } from './process.ts';

interface SystemPackage {
  readonly name: string;
  /** The program to look for, or undefined to ask dpkg. */
  readonly program?: string;
  readonly why: string;
}

const labPackages: readonly SystemPackage[] = [
  { name: 'docker-registry', program: 'docker-registry', why: 'the registry behind the lab' },
  { name: 'debootstrap', why: "Debian images of the lab, made from Debian's own packages" },
  { name: 'skopeo', program: 'skopeo', why: 'a second opinion on the images of the lab' },
  { name: 'umoci', program: 'umoci', why: 'a second opinion on unpacked images' },
];

const browserPackages: readonly SystemPackage[] = [
  { name: 'chromium', program: 'chromium', why: 'the browser before the VS Code server' },
  { name: 'fonts-dejavu-core', why: 'letters on screenshots' },
];

/** Of Ubuntu, whose chromium is a snap: what the Chromium of the npm registry needs. */
const browserLibraries: readonly SystemPackage[] = [
  { name: 'libnss3', why: 'certificates in the browser before the VS Code server' },
  { name: 'libnspr4', why: 'needed by libnss3' },
  { name: 'fonts-dejavu-core', why: 'letters on screenshots' },
];

/**
 * Makes sure that the packages are there: with apt-get, as root or through sudo, saying what it does. On a system
 * without apt-get it only says what is missing.
 * @throws Error that names the command to run when it cannot install them.
 */
export async function ensureSystemPackages(needs: { readonly browser: boolean }, log: Log): Promise<void> {
  if (findProgram('apt-get') === undefined || findProgram('dpkg-query') === undefined) {
    log(`No apt-get here: the lab uses its built-in registry, and the browser is Chrome, Chromium or Edge`);
    return;
  }
  const browser = needs.browser ? await browserNeeds() : [];
  const missing: SystemPackage[] = [];
  for (const wanted of [...labPackages, ...browser]) if (!(await isInstalled(wanted))) missing.push(wanted);
  if (missing.length === 0) return;

  log('Debian packages are missing:');
  for (const { name, why } of missing) log(`  ${name}: ${why}`);
  const names = missing.map(({ name }) => name);
  const install = ['apt-get', 'install', '--yes', '--no-install-recommends', ...names];
  const prefix = process.getuid?.() === 0 ? [] : ['sudo', ...(process.stdin.isTTY ? [] : ['--non-interactive'])];
  if (prefix.length > 0 && findProgram('sudo') === undefined) {
    throw new Error(`Not root, and no sudo here. Run as root: apt-get update && ${install.join(' ')}`);
  }
  for (const command of [['apt-get', 'update'], install]) {
    const [program = '', ...args] = [...prefix, ...command];
    log(`Running: ${[program, ...args].join(' ')}`);
    const result = await run(program, args, {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      output: 'hide',
      input: 'inherit',
      timeoutMs: 15 * 60_000,
    });
    if (result.code !== 0) {
      const tail = result.output.trimEnd().split('\n').slice(-8).join('\n');
      throw new Error(`This failed:\n${tail}\nRun it as root: apt-get update && ${install.join(' ')}`);
    }
  }
}

async function browserNeeds(): Promise<readonly SystemPackage[]> {
  if ((process.env['PLIMSOLL_BROWSER'] ?? '') !== '') return [];
  if (['google-chrome', 'google-chrome-stable', 'microsoft-edge'].some((name) => findProgram(name) !== undefined)) {
    return [];
  }
  const policy = await run('apt-cache', ['policy', 'chromium'], { output: 'hide' });
  const candidate = /Candidate: (\S+)/.exec(policy.output)?.[1];
  // Where the list of packages has never been fetched there is no candidate yet: this is then Debian or it fails later.
  const isSnap = candidate?.includes('snap') === true || (await isUbuntu());
  return isSnap ? browserLibraries : browserPackages;
}

async function isUbuntu(): Promise<boolean> {
  const release = await run('cat', ['/etc/os-release'], { output: 'hide' });
  return /^ID(_LIKE)?=.*ubuntu/m.test(release.output);
}

async function isInstalled(wanted: SystemPackage): Promise<boolean> {
  if (wanted.program !== undefined && findProgram(wanted.program) !== undefined) return true;
  const status = await run('dpkg-query', ['--show', '--showformat=${Status}', wanted.name], { output: 'hide' });
  return status.code === 0 && status.output.includes('ok installed');
}

if (import.meta.main) {
  await runScript(async () => {
    await ensureSystemPackages({ browser: true }, (line) => console.log(line));
    return 0;
  });
}
