/**
 * Source packages of Ubuntu that have binary packages of other names, among those that chisel can cut. Ubuntu archive,
 * "Packages" indexes of 22.04 to 25.10, field Source; "t64" at the end of a name is left out here.
 */
const binaries: Readonly<Record<string, string>> = {
  acl: 'libacl1',
  apr: 'libapr1',
  'apr-util': 'libaprutil1',
  apt: 'libapt-pkg6.0 libapt-pkg7.0',
  attr: 'libattr1',
  audit: 'libaudit-common libaudit1',
  avahi: 'libavahi-client3 libavahi-common3 libavahi-common-data',
  brotli: 'libbrotli1',
  bzip2: 'libbz2-1.0',
  'c-ares': 'libcares2',
  coreutils: 'gnu-coreutils',
  cups: 'libcups2',
  curl: 'libcurl4 libcurl3-gnutls',
  'cyrus-sasl2': 'libsasl2-2 libsasl2-modules libsasl2-modules-db',
  'db5.3': 'libdb5.3',
  dbus: 'libdbus-1-3',
  e2fsprogs: 'libcom-err2 libext2fs2 libss2 logsave',
  elfutils: 'libelf1 libdw1 libdebuginfod1',
  expat: 'libexpat1',
  file: 'libmagic1 libmagic-mgc',
  fontconfig: 'libfontconfig1 fontconfig-config',
  'fonts-dejavu': 'fonts-dejavu-core fonts-dejavu-mono',
  freetype: 'libfreetype6',
  gdbm: 'libgdbm6 libgdbm-compat4',
  glibc: 'libc-bin libc6 libc-dev-bin libc6-dev locales locales-all',
  'glib2.0': 'libglib2.0-0 libglib2.0-bin libglib2.0-data',
  gmp: 'libgmp10',
  gnupg2: 'dirmngr gnupg gpg gpg-agent gpgconf gpgsm gpgv',
  gnutls28: 'libgnutls30',
  graphite2: 'libgraphite2-3',
  harfbuzz: 'libharfbuzz0b',
  icu: 'icu-devtools',
  iptables: 'libip4tc2 libip6tc2 libxtables12',
  jq: 'libjq1',
  keyutils: 'libkeyutils1',
  krb5: 'krb5-locales krb5-user libgssapi-krb5-2 libk5crypto3 libkrb5-3 libkrb5support0',
  lcms2: 'liblcms2-2',
  libbsd: 'libbsd0',
  libcap2: 'libcap2 libcap2-bin libpam-cap',
  'libcap-ng': 'libcap-ng0',
  libedit: 'libedit2',
  libevent: 'libevent-2.1-7 libevent-core-2.1-7',
  libffi: 'libffi8',
  libgcrypt20: 'libgcrypt20',
  'libgpg-error': 'libgpg-error0',
  libidn2: 'libidn2-0',
  libjpeg8: 'libjpeg8',
  'libjpeg-turbo': 'libjpeg-turbo8',
  libmd: 'libmd0',
  libmnl: 'libmnl0',
  libnsl: 'libnsl2',
  libonig: 'libonig5',
  libpsl: 'libpsl5',
  'libpng1.6': 'libpng16-16',
  libseccomp: 'libseccomp2',
  libselinux: 'libselinux1',
  libsemanage: 'libsemanage-common libsemanage2',
  libsepol: 'libsepol2',
  libsodium: 'libsodium23',
  libssh: 'libssh-4 libssh-gcrypt-4',
  'libtasn1-6': 'libtasn1-6',
  libtirpc: 'libtirpc-common libtirpc3',
  libunistring: 'libunistring2 libunistring5',
  libunwind: 'libunwind8',
  libuv1: 'libuv1',
  libxcrypt: 'libcrypt1',
  libxml2: 'libxml2 libxml2-16 libxml2-utils',
  libxslt: 'libxslt1.1',
  libyaml: 'libyaml-0-2',
  libzstd: 'libzstd1 zstd',
  ust: 'liblttng-ust1 liblttng-ust-common1 liblttng-ust-ctl5',
  lz4: 'liblz4-1',
  mpdecimal: 'libmpdec3 libmpdec4',
  mpfr4: 'libmpfr6',
  'mysql-8.0': 'libmysqlclient21',
  ncurses: 'libncurses6 libncursesw6 libtinfo6 ncurses-base ncurses-bin ncurses-term',
  nettle: 'libhogweed6 libnettle8',
  nghttp2: 'libnghttp2-14',
  nspr: 'libnspr4',
  nss: 'libnss3',
  numactl: 'libnuma1',
  openldap: 'libldap-2.5-0 libldap2 libldap-common',
  openssh: 'openssh-client openssh-server openssh-sftp-server',
  openssl: 'libssl1.1 libssl3 openssl-provider-legacy',
  'p11-kit': 'libp11-kit0 p11-kit-modules',
  pam: 'libpam-modules libpam-modules-bin libpam-runtime libpam0g',
  pcre2: 'libpcre2-8-0 libpcre2-16-0 libpcre2-posix3',
  pcre3: 'libpcre3',
  'pcsc-lite': 'libpcsclite1',
  perl: 'perl-base perl-modules-5.34 perl-modules-5.38 perl-modules-5.40 libperl5.34 libperl5.38 libperl5.40',
  procps: 'libproc2-0 libprocps8',
  'python3-defaults': 'libpython3-stdlib python3 python3-minimal',
  'python3-stdlib-extensions': 'python3-distutils python3-lib2to3 python3-tk',
  readline: 'libreadline8 readline-common',
  rtmpdump: 'librtmp1',
  shadow: 'libsubid4 libsubid5 login passwd uidmap',
  snappy: 'libsnappy1v5',
  sqlite3: 'libsqlite3-0',
  systemd: 'libnss-systemd libpam-systemd libsystemd-shared libsystemd0 libudev1 systemd-sysv udev',
  sysvinit: 'sysvinit-utils',
  tzdata: 'tzdata-legacy',
  'util-linux': 'bsdutils fdisk libblkid1 libfdisk1 libmount1 libsmartcols1 libuuid1 mount uuid-runtime',
  vim: 'vim-common vim-tiny xxd',
  xxhash: 'libxxhash0',
  'xz-utils': 'liblzma5',
  zlib: 'zlib1g',
};

const sources: ReadonlyMap<string, string> = new Map(
  Object.entries(binaries).flatMap(([source, names]) =>
    names.split(' ').map((name): [string, string] => [name, source]),
  ),
);

/** Sources whose names have the release in them, by the name of the binary. */
const numbered: readonly (readonly [binary: RegExp, source: string])[] = [
  [/^libicu\d+$/, 'icu'],
  [/^libpython(3\.\d+)-(?:minimal|stdlib)$/, 'python$1'],
  [/^(?:lib)?python(3\.\d+)(?:-minimal|-venv)?$/, 'python$1'],
  [/^openjdk-(\d+)-(?:jre|jdk)(?:-headless|-zero)?$/, 'openjdk-$1'],
  [/^(?:dotnet|aspnetcore)-(?:host|hostfxr|runtime|sdk|apphost-pack|targeting-pack|templates)-(\d+)\.\d+$/, 'dotnet$1'],
  [/^(?:cpp|g\+\+|gcc|gfortran)-(\d+)(?:-base)?$/, 'gcc-$1'],
  [/^postgresql(?:-client)?-(\d+)$/, 'postgresql-$1'],
  [/^liblua(5\.\d)-0$/, 'lua$1'],
];

/** Libraries of the compiler: their source is named after their own version. */
const compilerLibraries = /^lib(?:asan8|atomic1|gcc-s1|gfortran5|gomp1|itm1|lsan0|quadmath0|stdc\+\+6|tsan2|ubsan1)$/;

/** A source package, as advisories name it. */
interface UbuntuSource {
  readonly name: string;
  readonly version: string;
}

/**
 * Source package of a binary package of Ubuntu; undefined when the table does not know it, which most often means the same
 * name. The version is the binary's, but for the few packages that are known to have one of their own.
 */
export function ubuntuSource(binary: string, version: string): UbuntuSource | undefined {
  const name = binary.replace(/t64$/, '');
  // Later than its own history: `1:4.16.0-2+really2.41-5` comes from util-linux 2.41-5.
  const real = name === 'login' ? /\+really(.+)$/.exec(version)?.[1] : undefined;
  if (real !== undefined) return { name: 'util-linux', version: real };
  const source = sourceName(name, version);
  if (source === undefined) return undefined;
  return { name: source, version: name === 'bsdutils' ? version.replace(/^1:/, '') : version };
}

function sourceName(name: string, version: string): string | undefined {
  if (compilerLibraries.test(name)) {
    const major = /^(?:\d+:)?(\d+)\./.exec(version)?.[1];
    return major === undefined ? undefined : `gcc-${major}`;
  }
  const known = sources.get(name);
  if (known !== undefined) return known;
  for (const [pattern, source] of numbered) if (pattern.test(name)) return name.replace(pattern, source);
  return undefined;
}
