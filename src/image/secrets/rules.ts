import type { SecretKind } from './kinds.ts';
import { hasTokenChecksum, isPlaceholder, isPublicKey, jwtParts, looksRandom } from './values.ts';

/** A credential that is recognised by its own shape, wherever it stands. */
export interface SecretRule {
  readonly kind: SecretKind;
  /** Where the format is published. */
  readonly source: string;
  /** One of these occurs in every text that has a match: looked for before the expression is tried. */
  readonly needles: readonly string[];
  /** Global; the group `value` is the secret. */
  readonly pattern: RegExp;
  /** Which matches count. Absent: those that look random. */
  readonly accept?: (value: string, match: Match) => boolean;
  /** Too common in code to be believed there: only configuration, credential files, variables and history. */
  readonly notInCode?: true;
}

export interface Match {
  readonly text: string;
  /** Where the whole match begins and ends in the text. */
  readonly start: number;
  readonly end: number;
}

const identifiable = 'Microsoft, "security-utilities", identifiable keys';
const purview = 'Microsoft Purview, "Sensitive information type entity definitions"';

const isRandom = (value: string): boolean => looksRandom(value) && !isPlaceholder(value) && !isPublicKey(value);

/** In this order: of two that find the same text the first one counts. */
export const secretRules: readonly SecretRule[] = [
  {
    kind: 'azure-connection-string',
    source: `Azure Cosmos DB, "Connection string"; ${purview}`,
    needles: ['AccountEndpoint='],
    pattern: /AccountEndpoint=https?:\/\/[^;\s"']{1,200};AccountKey=(?<value>[A-Za-z0-9+/]{86}==)/g,
  },
  {
    kind: 'azure-storage-key',
    source: `Azure Storage, "Configure Azure Storage connection strings"; ${purview}`,
    needles: ['AccountKey='],
    pattern: /AccountKey=(?<value>[A-Za-z0-9+/]{86}==)/g,
  },
  {
    kind: 'azure-storage-key',
    source: identifiable,
    needles: ['+ASt'],
    pattern: /(?<![A-Za-z0-9+/])(?<value>[A-Za-z0-9+/]{76}\+ASt[A-Za-z0-9+/]{5}[AQgw]==)/g,
  },
  {
    kind: 'azure-storage-key',
    source: `Azure Storage, "Manage storage account access keys": 512 bits, named as such; ${purview}`,
    needles: [
      'orageKey',
      'orage-key',
      'orage_key',
      'orageAcc',
      'orage_acc',
      'ORAGE_KEY',
      'ORAGE_ACC',
      'ountKey',
      'OUNT_KEY',
      'ount_key',
    ],
    pattern:
      /(?:storage|account)[_-]?(?:account[_-]?)?(?:access[_-]?)?key["']?\s{0,5}[:=]\s{0,5}["']?(?<value>[A-Za-z0-9+/]{86}==)/gi,
  },
  {
    kind: 'azure-connection-string',
    source: 'Azure Service Bus, Event Hubs and IoT Hub, connection strings with SharedAccessKey',
    needles: ['SharedAccessKey='],
    pattern: /SharedAccessKey=(?<value>[A-Za-z0-9+/]{43}=)/g,
  },
  {
    kind: 'azure-connection-string',
    source: 'Azure App Configuration, "Access keys": Endpoint, Id, Secret',
    needles: [';Secret='],
    pattern: /Endpoint=https:\/\/[\w.-]{1,200};Id=[^;\s"']{1,200};Secret=(?<value>[A-Za-z0-9+/]{40,120}={0,2})/g,
  },
  {
    kind: 'azure-connection-string',
    source: 'Azure Cache for Redis, "Retrieve host name, ports, and access keys"',
    needles: ['.redis.cache.'],
    pattern: /\.redis\.cache\.[\w.]{3,60}(?::\d{1,5})?,password=(?<value>[^,\s"'<>]{20,120})/g,
  },
  {
    kind: 'azure-sas',
    source: 'Azure Storage, "Create a service SAS"; Azure Service Bus, "Shared Access Signatures"',
    needles: ['sig='],
    pattern: /(?<=[?&;"'\s])sig=(?<value>[A-Za-z0-9%+/]{42,100}(?:%3[Dd]|=))/g,
    accept: (value, { text, start, end }) => {
      const around = tokenAround(text, start, end);
      return (
        isSignature(value) &&
        (/[?&"']?sv=\d{4}-\d\d-\d\d/.test(around) || (/\bsr=/.test(around) && /\bse=\d/.test(around)))
      );
    },
  },
  {
    kind: 'azure-registry-key',
    source: identifiable,
    needles: ['+ACR'],
    pattern: /(?<![A-Za-z0-9+/])(?<value>[A-Za-z0-9+/]{42}\+ACR[A-D][A-Za-z0-9+/]{5})(?![A-Za-z0-9+/=])/g,
  },
  {
    kind: 'azure-client-secret',
    source: identifiable,
    needles: ['7Q~', '8Q~'],
    pattern: /(?<![A-Za-z0-9_~.+/=-])(?<value>[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{31,34})(?![A-Za-z0-9_~.+/=-])/g,
  },
  {
    kind: 'azure-devops-token',
    source: 'Azure DevOps, "Use personal access tokens": 84 characters with a fixed signature',
    needles: ['AZDO'],
    pattern: /(?<![A-Za-z0-9])(?<value>[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4})(?![A-Za-z0-9])/g,
  },
  {
    kind: 'azure-service-key',
    source: `${identifiable}: common annotated security keys`,
    needles: ['JQQJ9'],
    pattern:
      /(?<![A-Za-z0-9])(?<value>[A-Za-z0-9]{52}JQQJ9[9DH][A-Za-z0-9][A-L][A-Za-z0-9]{16}[A-Za-z][A-Za-z0-9]{7}(?:[A-Za-z0-9]{2}==)?)(?![A-Za-z0-9=])/g,
  },
  {
    kind: 'azure-service-key',
    source: `${identifiable}: API Management, Batch, Cosmos DB, Machine Learning`,
    needles: ['APIM', 'ACDb', '+ABa', '+AMC'],
    pattern: /(?<![A-Za-z0-9+/])(?<value>[A-Za-z0-9+/]{76}(?:APIM|ACDb|\+ABa|\+AMC)[A-Za-z0-9+/]{5}[AQgw]==)/g,
  },
  {
    kind: 'azure-service-key',
    source: `${identifiable}: IoT Hub, Service Bus, Event Hubs, Relay, Cache for Redis`,
    needles: ['AIoT', '+ASb', '+AEh', '+ARm', 'AzCa'],
    pattern: /(?<![A-Za-z0-9+/])(?<value>[A-Za-z0-9+/]{33}(?:AIoT|\+ASb|\+AEh|\+ARm|AzCa)[A-P][A-Za-z0-9+/]{5}=)(?!=)/g,
  },
  {
    kind: 'azure-service-key',
    source: `${identifiable}: AI Search, Functions`,
    needles: ['AzSe', 'AzFu'],
    pattern: /(?<![\w+/-])(?<value>[A-Za-z0-9]{42}AzSe[A-D][A-Za-z0-9]{5}|[\w-]{44}AzFu[\w-]{5}[AQgw]==)(?![\w+/=-])/g,
  },
  {
    kind: 'aws-access-key',
    source: 'AWS IAM, "IAM identifiers", prefix AKIA; the rest is base 32',
    needles: ['AKIA'],
    pattern: /(?<![A-Za-z0-9+/])(?<value>AKIA[A-Z2-7]{16})(?![A-Za-z0-9+/])/g,
    accept: (value) => !value.includes('EXAMPLE') && looksRandom(value),
  },
  {
    kind: 'aws-access-key',
    source: 'AWS CLI, "Configuration and credential file settings": 40 characters of base 64',
    needles: ['ecret_access', 'ECRET_ACCESS', 'ecretAccess', 'ecretaccess', 'aws_secret', 'AWS_SECRET', 'awsSecret'],
    pattern:
      /(?:aws_?secret_?(?:access_?)?key|secret_?access_?key)["']?\s{0,5}[:=]\s{0,5}["']?(?<value>[A-Za-z0-9+/]{40})(?![A-Za-z0-9+/=])/gi,
  },
  {
    kind: 'github-token',
    source: 'GitHub, "Behind GitHub\'s new authentication token formats": prefix, 30 characters, checksum',
    needles: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'],
    pattern: /(?<![A-Za-z0-9_])(?<value>gh[pousr]_[A-Za-z0-9]{36,251})(?![A-Za-z0-9_])/g,
    accept: (value) => (value.length === 40 ? hasTokenChecksum(value.slice(4)) : isRandom(value.slice(4))),
  },
  {
    kind: 'github-token',
    source: 'GitHub Docs, "About authentication to GitHub", fine-grained tokens',
    needles: ['github_pat_'],
    pattern: /(?<![A-Za-z0-9_])(?<value>github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})(?![A-Za-z0-9_])/g,
  },
  {
    kind: 'gitlab-token',
    source: 'GitLab Docs, "Token overview", prefixes',
    needles: ['glpat-', 'glptt-', 'gldt-', 'glrt-', 'glcbt-', 'glsoat-', 'gloas-', 'glagent-'],
    pattern:
      /(?<![A-Za-z0-9_-])(?<value>gl(?:pat|ptt|dt|rt|cbt|soat|oas|agent)-[A-Za-z0-9_-]{20,300}(?:\.[0-9a-z]{2}\.[0-9a-z]{7,9})?)(?![A-Za-z0-9_-])/g,
    accept: (value) => isRandom(value.slice(value.indexOf('-') + 1)),
  },
  {
    kind: 'npm-token',
    source: 'GitHub, "npm has a new access token format": prefix, 30 characters, checksum',
    needles: ['npm_'],
    pattern: /(?<![A-Za-z0-9_])(?<value>npm_[A-Za-z0-9]{36})(?![A-Za-z0-9_])/g,
    accept: (value) => hasTokenChecksum(value.slice(4)),
  },
  {
    kind: 'pypi-token',
    source: 'PyPI, "API tokens": a macaroon of the index in base 64 behind its prefix',
    needles: ['pypi-AgE'],
    pattern: /(?<![A-Za-z0-9_-])(?<value>pypi-AgE[A-Za-z0-9_-]{60,2000})/g,
    accept: (value) => Buffer.from(value.slice(5), 'base64url').toString('latin1').includes('pypi.org'),
  },
  {
    kind: 'nuget-key',
    source: `${identifiable}: NuGet`,
    needles: ['oy2'],
    pattern:
      /(?<![A-Za-z0-9])(?<value>oy2[a-p][0-9a-z]{15}[aq][0-9a-z]{11}[eu][bdfhjlnprtvxz357][a-p][0-9a-z]{11}[aeimquy4])(?![A-Za-z0-9])/g,
  },
  {
    kind: 'slack-webhook',
    source: 'Slack, "Sending messages using incoming webhooks"',
    needles: ['hooks.slack.com/'],
    pattern:
      /hooks\.slack\.com\/(?:services|workflows)\/(?<value>T[A-Z0-9]{8,12}\/[AB][A-Z0-9]{8,12}\/[A-Za-z0-9]{24})(?![A-Za-z0-9])/g,
    accept: (value) => isRandom(value.slice(-24)) && !/XXXX|0000/.test(value),
  },
  {
    kind: 'slack-token',
    source: 'Slack, "Token types"',
    needles: ['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xapp-'],
    pattern:
      /(?<![A-Za-z0-9-])(?<value>xox[abprs]-(?:\d-)?\d{9,14}-[A-Za-z0-9-]{20,120}|xapp-\d-[A-Z0-9]{9,12}-\d{9,14}-[a-f0-9]{64})/g,
  },
  {
    kind: 'database-password',
    source:
      'RFC 3986, "User Information"; connection addresses of PostgreSQL, MySQL, MongoDB, Redis, RabbitMQ, SQL Server',
    needles: ['://'],
    pattern:
      /(?<![A-Za-z0-9])(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|mssql|sqlserver|clickhouse|cockroachdb|ldaps?)(?:\+[a-z0-9]{2,20})?:\/\/(?<user>[^\s:@/"'<>]{0,100}):(?<value>[^\s@/"'<>]{3,200})@(?<host>[\w.[\]:-]{1,200})/gi,
    accept: (value) => !isPlaceholder(decoded(value)),
  },
  {
    kind: 'url-password',
    source: 'RFC 3986, "User Information"',
    needles: ['://'],
    pattern:
      /(?<![A-Za-z0-9])(?:https?|ftps?|sftp|ssh|git|svn|smtps?|socks5h?|wss?):\/\/(?<user>[^\s:@/"'<>`\\]{0,200}):(?<value>[^\s@/"'<>`\\:]{3,300})@(?<host>[\w.-]{1,200})/gi,
    accept: (value, { text, start, end }) =>
      !isPlaceholder(decoded(value)) &&
      !/user(?:name)?:pass|:pw@|@(?:host|server|proxy)(?![\w.-])|@(?:[\w-]+\.)?example\.(?:com|net|org)(?![\w.-])/i.test(
        text.slice(start, end),
      ),
  },
  {
    kind: 'database-password',
    source: 'Microsoft.Data.SqlClient, "Connection string syntax"; ODBC and ADO.NET connection strings',
    needles: ['assword=', 'ASSWORD=', 'wd=', 'WD='],
    pattern: /(?<![A-Za-z0-9_])(?:password|pwd)= {0,3}(?<value>[^;"'\s&,{}<>]{3,200})/gi,
    accept: (value, { text, start, end }) => {
      const line = lineAround(text, start, end);
      return (
        line.includes(';') &&
        /(?<![A-Za-z])(?:server|data source|host|addr|address|network address)\s{0,3}=\s{0,3}[^;=\s]/i.test(line) &&
        !isPlaceholder(value)
      );
    },
  },
  {
    kind: 'jwt',
    source: 'RFC 7519, "JSON Web Token"',
    needles: ['eyJ'],
    pattern: /(?<![A-Za-z0-9_.-])(?<value>ey[A-Za-z0-9_-]{15,2000}\.ey[A-Za-z0-9_-]{15,6000}\.[A-Za-z0-9_-]{20,1500})/g,
    accept: (value) => {
      const parts = jwtParts(value);
      if (parts === undefined) return false;
      const { header, claims } = parts;
      if (typeof header['alg'] !== 'string' || header['alg'].toLowerCase() === 'none') return false;
      if (claims['sub'] === '1234567890') return false; // the example of jwt.io
      return ['iss', 'sub', 'aud', 'exp', 'iat'].some((name) => claims[name] !== undefined);
    },
    notInCode: true,
  },
];

/** Values of the rules that say nothing of their own. */
export const defaultAccept = isRandom;

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** 256 bits in base 64, perhaps percent-encoded. */
function isSignature(value: string): boolean {
  const plain = decoded(value);
  return /^[A-Za-z0-9+/]{43}=$/.test(plain) && looksRandom(plain);
}

/** The run of characters without blanks and quotes around a match. */
function tokenAround(text: string, start: number, end: number): string {
  const before = text.slice(Math.max(0, start - 1500), start);
  const after = text.slice(end, end + 1500);
  const from = Math.max(...[' ', '\n', '\t', '"', "'"].map((sign) => before.lastIndexOf(sign)));
  const to = /[\s"']/.exec(after)?.index ?? after.length;
  return before.slice(from + 1) + text.slice(start, end) + after.slice(0, to);
}

function lineAround(text: string, start: number, end: number): string {
  const before = text.slice(Math.max(0, start - 500), start);
  const after = text.slice(end, end + 500);
  const to = after.search(/[\r\n]/);
  return (
    before.slice(Math.max(before.lastIndexOf('\n'), before.lastIndexOf('\r')) + 1) +
    text.slice(start, end) +
    (to < 0 ? after : after.slice(0, to))
  );
}
