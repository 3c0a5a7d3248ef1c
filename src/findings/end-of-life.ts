import type { OperatingSystem } from '../image/types.ts';

/** The releases of one system: last day of free security updates each, and where to go from there. */
interface Lifecycle {
  /** How many numbers of VERSION_ID name a release: `9` of `9.4` is one. */
  readonly numbers: 1 | 2;
  readonly supported: string;
  /** Where the vendor says so. */
  readonly page: string;
  /** ISO dates. Where a vendor names a month, its last day. */
  readonly ends: Readonly<Record<string, string>>;
}

const rebuilds = { '8': '2029-05-31', '9': '2032-05-31', '10': '2035-05-31' };

/** SUSE, "Product Support Lifecycle", general support. */
const sles: Lifecycle = {
  numbers: 2,
  supported: 'SUSE Linux Enterprise Server 15 SP7',
  page: 'https://www.suse.com/lifecycle',
  ends: {
    '11.4': '2019-03-31',
    '12.3': '2019-06-30',
    '12.4': '2020-06-30',
    '12.5': '2024-10-31',
    '15': '2019-12-31',
    '15.1': '2021-01-31',
    '15.2': '2021-12-31',
    '15.3': '2022-12-31',
    '15.4': '2023-12-31',
    '15.5': '2024-12-31',
    '15.6': '2025-12-31',
    '15.7': '2031-07-31',
  },
};

/** SUSE, "Product Support Lifecycle", general support. */
const slMicro: Lifecycle = {
  numbers: 2,
  supported: 'SUSE Linux Micro 6.1',
  page: 'https://www.suse.com/lifecycle',
  ends: {
    '5.0': '2022-03-31',
    '5.1': '2025-10-31',
    '5.2': '2026-04-30',
    '5.3': '2026-10-30',
    '5.4': '2027-04-30',
    '5.5': '2027-10-31',
    '6.0': '2028-06-30',
    '6.1': '2028-11-30',
  },
};

/** openSUSE wiki, "Lifetime". */
const leap: Lifecycle = {
  numbers: 2,
  supported: 'openSUSE Leap 16.0',
  page: 'https://en.opensuse.org/Lifetime',
  ends: {
    '42.3': '2019-07-01',
    '15.0': '2019-12-03',
    '15.1': '2021-02-02',
    '15.2': '2022-01-04',
    '15.3': '2022-12-31',
    '15.4': '2023-12-07',
    '15.5': '2024-12-31',
    '15.6': '2026-04-30',
    '16.0': '2027-10-31',
  },
};

/** Microsoft, "Azure Linux release cadence and lifecycle". */
const azureLinux: Lifecycle = {
  numbers: 2,
  supported: 'Azure Linux 3.0',
  page: 'https://learn.microsoft.com/azure/azure-linux/release-cadence-lifecycle',
  ends: { '1.0': '2023-08-31', '2.0': '2025-07-31', '3.0': '2027-08-31' },
};

/** CentOS, "CentOS Linux EOL" and "CentOS Stream". The two share their ID. */
const centosLinux: Lifecycle = {
  numbers: 1,
  supported: 'AlmaLinux 9 or Rocky Linux 9',
  page: 'https://www.centos.org/centos-linux-eol/',
  ends: { '5': '2017-03-31', '6': '2020-11-30', '7': '2024-06-30', '8': '2021-12-31' },
};
const centosStream: Lifecycle = {
  numbers: 1,
  supported: 'CentOS Stream 10',
  page: 'https://www.centos.org/cl-vs-cs/',
  ends: { '8': '2024-05-31', '9': '2027-05-31', '10': '2030-01-01' },
};

/** openEuler, "Lifecycle"; a service pack is a release of its own, which only VERSION tells. */
const openEuler: ReadonlyMap<string, string> = toMap({
  '20.03-LTS': '2021-03-31',
  '20.03-LTS-SP1': '2022-12-31',
  '20.03-LTS-SP2': '2022-04-30',
  '20.03-LTS-SP3': '2023-12-31',
  '20.03-LTS-SP4': '2025-11-30',
  '22.03-LTS': '2024-03-31',
  '22.03-LTS-SP1': '2024-12-31',
  '22.03-LTS-SP2': '2024-03-31',
  '22.03-LTS-SP3': '2025-12-31',
  '22.03-LTS-SP4': '2026-06-30',
  '23.03': '2023-09-30',
  '23.09': '2024-03-31',
  '24.03-LTS': '2026-05-31',
  '24.03-LTS-SP1': '2026-12-31',
  '24.03-LTS-SP2': '2026-03-31',
  '24.03-LTS-SP3': '2027-12-31',
  '24.03-LTS-SP4': '2027-03-31',
  '24.09': '2025-03-31',
  '25.03': '2025-09-30',
  '25.09': '2026-03-31',
  '26.09': '2027-03-31',
});

/** Systems by the ID of os-release, with the page that says so; state of November 2026. */
const lifecycles: ReadonlyMap<string, Lifecycle> = toMap({
  // Debian wiki, "LTS"
  debian: {
    numbers: 1,
    supported: 'Debian 13',
    page: 'https://wiki.debian.org/LTS',
    ends: {
      '7': '2018-05-31',
      '8': '2020-06-30',
      '9': '2022-06-30',
      '10': '2024-06-30',
      '11': '2026-08-31',
      '12': '2028-06-30',
      '13': '2030-06-30',
    },
  },
  // Ubuntu, "Release cycle", standard support
  ubuntu: {
    numbers: 2,
    supported: 'Ubuntu 26.04',
    page: 'https://ubuntu.com/about/release-cycle',
    ends: {
      '12.04': '2017-04-28',
      '14.04': '2019-04-30',
      '16.04': '2021-04-30',
      '18.04': '2023-05-31',
      '20.04': '2025-05-31',
      '20.10': '2021-07-22',
      '21.04': '2022-01-20',
      '21.10': '2022-07-14',
      '22.04': '2027-04-30',
      '22.10': '2023-07-20',
      '23.04': '2024-01-25',
      '23.10': '2024-07-12',
      '24.04': '2029-05-31',
      '24.10': '2025-07-10',
      '25.04': '2026-01-17',
      '25.10': '2026-07-31',
      '26.04': '2031-04-30',
    },
  },
  // Alpine Linux, "Releases"
  alpine: {
    numbers: 2,
    supported: 'Alpine 3.23',
    page: 'https://alpinelinux.org/releases/',
    ends: {
      '3.2': '2017-05-01',
      '3.3': '2017-11-01',
      '3.4': '2018-05-01',
      '3.5': '2018-11-01',
      '3.6': '2019-05-01',
      '3.7': '2019-11-01',
      '3.8': '2020-05-01',
      '3.9': '2020-11-01',
      '3.10': '2021-05-01',
      '3.11': '2021-11-01',
      '3.12': '2022-05-01',
      '3.13': '2022-11-01',
      '3.14': '2023-05-01',
      '3.15': '2023-11-01',
      '3.16': '2024-05-23',
      '3.17': '2024-11-22',
      '3.18': '2025-05-09',
      '3.19': '2025-11-01',
      '3.20': '2026-04-01',
      '3.21': '2026-11-01',
      '3.22': '2027-05-01',
      '3.23': '2027-11-01',
    },
  },
  mariner: azureLinux,
  azurelinux: azureLinux,
  // Red Hat, "Red Hat Enterprise Linux Life Cycle", maintenance support
  rhel: {
    numbers: 1,
    supported: 'Red Hat Enterprise Linux 10',
    page: 'https://access.redhat.com/support/policy/updates/errata',
    ends: { '5': '2017-03-31', '6': '2020-11-30', '7': '2024-06-30', ...rebuilds },
  },
  // Rocky Linux wiki, "Version guide"
  rocky: {
    numbers: 1,
    supported: 'Rocky Linux 10',
    page: 'https://wiki.rockylinux.org/rocky/version/',
    ends: rebuilds,
  },
  // AlmaLinux wiki, "Release notes", security support
  almalinux: {
    numbers: 1,
    supported: 'AlmaLinux 10',
    page: 'https://wiki.almalinux.org/release-notes/',
    ends: { ...rebuilds, '8': '2029-03-01' },
  },
  // Oracle, "Lifetime Support Policy: Oracle and Sun System Software", premier support
  ol: {
    numbers: 1,
    supported: 'Oracle Linux 10',
    page: 'https://www.oracle.com/a/ocom/docs/elsp-lifetime-069338.pdf',
    ends: { '6': '2021-03-31', '7': '2024-12-31', '8': '2029-07-31', '9': '2032-06-30', '10': '2035-06-30' },
  },
  // Fedora Docs, "Fedora Linux Release Life Cycle"
  fedora: {
    numbers: 1,
    supported: 'Fedora 44',
    page: 'https://docs.fedoraproject.org/en-US/releases/lifecycle/',
    ends: {
      '33': '2021-11-30',
      '34': '2022-06-07',
      '35': '2022-12-13',
      '36': '2023-05-16',
      '37': '2023-12-05',
      '38': '2024-05-21',
      '39': '2024-11-26',
      '40': '2025-05-13',
      '41': '2025-12-15',
      '42': '2026-05-13',
      '43': '2026-12-09',
    },
  },
  // AWS, "Amazon Linux 2 FAQs" and "Amazon Linux 2023 release cadence"; maintenance of Amazon Linux 1
  amzn: {
    numbers: 1,
    supported: 'Amazon Linux 2023',
    page: 'https://docs.aws.amazon.com/linux/al2023/ug/release-cadence.html',
    ends: { '2018': '2023-12-31', '2017': '2023-12-31', '2': '2026-06-30', '2023': '2029-06-30' },
  },
  // Broadcom, "Photon OS support lifecycle"
  photon: {
    numbers: 2,
    supported: 'Photon OS 5.0',
    page: 'https://github.com/vmware/photon/wiki',
    ends: { '1.0': '2022-02-28', '2.0': '2022-12-31', '3.0': '2024-03-01', '4.0': '2026-03-01' },
  },
  sles,
  sles_sap: sles,
  'sle-micro': slMicro,
  'sle-micro-rancher': slMicro,
  'sl-micro': slMicro,
  opensuse: leap,
  'opensuse-leap': leap,
  // Mageia, "Product lifecycle"
  mageia: {
    numbers: 1,
    supported: 'Mageia 9',
    page: 'https://www.mageia.org/support/',
    ends: { '6': '2019-09-30', '7': '2021-06-30', '8': '2023-11-30' },
  },
});

/** Names of the language itself, such as `constructor`, are no keys of a map. */
function toMap<T>(entries: Readonly<Record<string, T>>): ReadonlyMap<string, T> {
  return new Map(Object.entries(entries));
}

/** Since when a release gets no more free security updates, and what is supported in its place. */
export interface EndOfLife {
  /** The last day with updates, ISO date. */
  readonly since: string;
  readonly supported: string;
  /** Where the vendor says so. */
  readonly page: string;
}

/** Set when the release of an image gets no more security fixes on the given day (ISO date); undefined also for unknown releases. */
export function endOfLife(os: OperatingSystem | undefined, today: string): EndOfLife | undefined {
  if (os === undefined) return undefined;
  const found = lifecycleOf(os);
  if (found === undefined || found.ends >= today) return undefined;
  return { since: found.ends, supported: found.supported, page: found.page };
}

function lifecycleOf(
  os: OperatingSystem,
): { readonly ends: string; readonly supported: string; readonly page: string } | undefined {
  if (os.id === 'openEuler') {
    const ends = openEuler.get((os.ecosystem ?? '').replace(/^openEuler:/, ''));
    return ends === undefined
      ? undefined
      : { ends, supported: 'openEuler 24.03 LTS SP3', page: 'https://www.openeuler.org/en/other/lifecycle/' };
  }
  const lifecycle = os.id === 'centos' ? centosOf(os) : lifecycles.get(os.id);
  const release = /^\d+(?:\.\d+)*/
    .exec(os.version ?? '')?.[0]
    .split('.')
    .slice(0, lifecycle?.numbers)
    .join('.');
  const ends = release === undefined ? undefined : lifecycle?.ends[release];
  if (ends === undefined || lifecycle === undefined) return undefined;
  return { ends, supported: lifecycle.supported, page: lifecycle.page };
}

function centosOf({ name }: OperatingSystem): Lifecycle {
  return /\bStream\b/.test(name ?? '') ? centosStream : centosLinux;
}
