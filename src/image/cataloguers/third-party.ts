/**
 * Vendors that publish Debian packages beside the distributions, by the domain of the Maintainer field. Only those whose
 * packages carry names or versions that the distribution's security records do not mean.
 */
const vendorDomains: ReadonlySet<string> = new Set([
  'adoptium.net',
  'akamai.com',
  'amazon.com',
  'azul.com',
  'bellsoft.com',
  'bell-sw.com',
  'caddyserver.com',
  'clickhouse.com',
  'cloudflare.com',
  'confluent.io',
  'datadoghq.com',
  'docker.com',
  'elastic.co',
  'github.com',
  'gitlab.com',
  'google.com',
  'grafana.com',
  'hashicorp.com',
  'influxdata.com',
  'mariadb.com',
  'mariadb.org',
  'microsoft.com',
  'mongodb.com',
  'mysql.com',
  'newrelic.com',
  'nginx.com',
  'nodesource.com',
  'nvidia.com',
  'oracle.com',
  'percona.com',
  'rabbitmq.com',
  'redis.com',
  'redis.io',
  'sury.org',
  'yarnpkg.com',
]);

/** Marks that vendor repositories put into versions: NodeSource, PostgreSQL, Ondřej Surý, launchpad archives, Docker, nginx. */
const vendorVersion =
  /nodesource|pgdg|\.sury\.org|\+0~|~ppa\d|ppa\d+~|^5:.*~(?:debian|ubuntu)\.\d|-1~(?:bookworm|bullseye|buster|trixie|jammy|noble|focal)$|\+maria~/;

/** True when a Debian package comes from a vendor's own repository, so that the distribution's records do not speak of it. */
export function isThirdPartyDeb(maintainer: string, version: string): boolean {
  if (vendorVersion.test(version)) return true;
  const domain = /@([A-Za-z0-9.-]+)>?\s*$/.exec(maintainer.slice(-200))?.[1]?.toLowerCase();
  if (domain === undefined) return false;
  const parts = domain.split('.');
  return parts.some((_, i) => vendorDomains.has(parts.slice(i).join('.')));
}
