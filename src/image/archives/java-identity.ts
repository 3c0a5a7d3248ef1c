import type { Coordinates, JavaArchive } from './java-archive.ts';

/** Groups on Maven Central of libraries that are met without `pom.properties`, by the beginning of the artifact's name. The longest fits first. */
const groupByPrefix: readonly (readonly [prefix: string, group: string])[] = (
  [
    ['activemq-', 'org.apache.activemq'],
    ['akka-', 'com.typesafe.akka'],
    ['ant-', 'org.apache.ant'],
    ['antlr4-', 'org.antlr'],
    ['asm-', 'org.ow2.asm'],
    ['aspectj', 'org.aspectj'],
    ['bcpg-jdk', 'org.bouncycastle'],
    ['bcpkix-jdk', 'org.bouncycastle'],
    ['bcprov-', 'org.bouncycastle'],
    ['bcutil-jdk', 'org.bouncycastle'],
    ['byte-buddy', 'net.bytebuddy'],
    ['camel-', 'org.apache.camel'],
    ['cxf-', 'org.apache.cxf'],
    ['gradle-', 'org.gradle'],
    ['groovy-', 'org.apache.groovy'],
    ['grpc-', 'io.grpc'],
    ['guice-', 'com.google.inject.extensions'],
    ['hibernate-', 'org.hibernate.orm'],
    ['hibernate-validator', 'org.hibernate.validator'],
    ['jackson-annotations', 'com.fasterxml.jackson.core'],
    ['jackson-core', 'com.fasterxml.jackson.core'],
    ['jackson-core-asl', 'org.codehaus.jackson'],
    ['jackson-databind', 'com.fasterxml.jackson.core'],
    ['jackson-dataformat-', 'com.fasterxml.jackson.dataformat'],
    ['jackson-datatype-', 'com.fasterxml.jackson.datatype'],
    ['jackson-jaxrs-', 'com.fasterxml.jackson.jaxrs'],
    ['jackson-mapper-asl', 'org.codehaus.jackson'],
    ['jackson-module-', 'com.fasterxml.jackson.module'],
    ['jetty-', 'org.eclipse.jetty'],
    ['kafka-', 'org.apache.kafka'],
    ['kafka_', 'org.apache.kafka'],
    ['kotlin-', 'org.jetbrains.kotlin'],
    ['kotlinx-coroutines-', 'org.jetbrains.kotlinx'],
    ['kotlinx-serialization-', 'org.jetbrains.kotlinx'],
    ['log4j-', 'org.apache.logging.log4j'],
    ['logback-', 'ch.qos.logback'],
    ['lucene-', 'org.apache.lucene'],
    ['micrometer-', 'io.micrometer'],
    ['mina-', 'org.apache.mina'],
    ['netty-', 'io.netty'],
    ['org.eclipse.jdt.', 'org.eclipse.jdt'],
    ['okhttp', 'com.squareup.okhttp3'],
    ['okio', 'com.squareup.okio'],
    ['poi-', 'org.apache.poi'],
    ['protobuf-java', 'com.google.protobuf'],
    ['reactor-netty', 'io.projectreactor.netty'],
    ['scala-compiler', 'org.scala-lang'],
    ['scala-library', 'org.scala-lang'],
    ['scala-reflect', 'org.scala-lang'],
    ['shiro-', 'org.apache.shiro'],
    ['slf4j-', 'org.slf4j'],
    ['solr-', 'org.apache.solr'],
    ['spring-', 'org.springframework'],
    ['spring-amqp', 'org.springframework.amqp'],
    ['spring-batch-', 'org.springframework.batch'],
    ['spring-boot', 'org.springframework.boot'],
    ['spring-cloud-', 'org.springframework.cloud'],
    ['spring-data-', 'org.springframework.data'],
    ['spring-graphql', 'org.springframework.graphql'],
    ['spring-hateoas', 'org.springframework.hateoas'],
    ['spring-integration-', 'org.springframework.integration'],
    ['spring-kafka', 'org.springframework.kafka'],
    ['spring-ldap-', 'org.springframework.ldap'],
    ['spring-plugin-', 'org.springframework.plugin'],
    ['spring-rabbit', 'org.springframework.amqp'],
    ['spring-retry', 'org.springframework.retry'],
    ['spring-security-', 'org.springframework.security'],
    ['spring-security-oauth2-autoconfigure', 'org.springframework.security.oauth.boot'],
    ['spring-session-', 'org.springframework.session'],
    ['spring-ws-', 'org.springframework.ws'],
    ['struts2-', 'org.apache.struts'],
    ['tika-', 'org.apache.tika'],
    ['tomcat-', 'org.apache.tomcat'],
    ['tomcat-embed-', 'org.apache.tomcat.embed'],
    ['undertow-', 'io.undertow'],
    ['velocity-engine-', 'org.apache.velocity'],
    ['vertx-', 'io.vertx'],
    ['wicket-', 'org.apache.wicket'],
  ] as const
).toSorted(([a], [b]) => b.length - a.length);

/** As `groupByPrefix`, for whole names. */
const groupByArtifact: Readonly<Record<string, string>> = {
  asm: 'org.ow2.asm',
  axis: 'axis',
  axis2: 'org.apache.axis2',
  bcprov: 'org.bouncycastle',
  bsh: 'org.beanshell',
  c3p0: 'com.mchange',
  'commons-beanutils': 'commons-beanutils',
  'commons-codec': 'commons-codec',
  'commons-collections': 'commons-collections',
  'commons-collections4': 'org.apache.commons',
  'commons-compress': 'org.apache.commons',
  'commons-configuration': 'commons-configuration',
  'commons-configuration2': 'org.apache.commons',
  'commons-dbcp2': 'org.apache.commons',
  'commons-fileupload': 'commons-fileupload',
  'commons-httpclient': 'commons-httpclient',
  'commons-io': 'commons-io',
  'commons-lang': 'commons-lang',
  'commons-lang3': 'org.apache.commons',
  'commons-logging': 'commons-logging',
  'commons-net': 'commons-net',
  'commons-text': 'org.apache.commons',
  dom4j: 'org.dom4j',
  failureaccess: 'com.google.guava',
  ecj: 'org.eclipse.jdt',
  fastjson: 'com.alibaba',
  gson: 'com.google.code.gson',
  groovy: 'org.apache.groovy',
  guava: 'com.google.guava',
  guice: 'com.google.inject',
  h2: 'com.h2database',
  hsqldb: 'org.hsqldb',
  httpclient: 'org.apache.httpcomponents',
  httpclient5: 'org.apache.httpcomponents.client5',
  httpcore: 'org.apache.httpcomponents',
  httpcore5: 'org.apache.httpcomponents.core5',
  'jakarta.el': 'org.glassfish',
  'jul-to-slf4j': 'org.slf4j',
  'jcl-over-slf4j': 'org.slf4j',
  'log4j-over-slf4j': 'org.slf4j',
  jdom: 'org.jdom',
  jdom2: 'org.jdom',
  jsch: 'com.jcraft',
  'json-path': 'com.jayway.jsonpath',
  'json-smart': 'net.minidev',
  jsoup: 'org.jsoup',
  log4j: 'log4j',
  'mssql-jdbc': 'com.microsoft.sqlserver',
  'mysql-connector-j': 'com.mysql',
  'mysql-connector-java': 'mysql',
  okhttp: 'com.squareup.okhttp3',
  postgresql: 'org.postgresql',
  'reactor-core': 'io.projectreactor',
  snakeyaml: 'org.yaml',
  'snappy-java': 'org.xerial.snappy',
  'sqlite-jdbc': 'org.xerial',
  velocity: 'org.apache.velocity',
  xalan: 'xalan',
  xercesImpl: 'xerces',
  xstream: 'com.thoughtworks.xstream',
  zookeeper: 'org.apache.zookeeper',
};

/** NAME_MAX of Linux; what is longer is no name of a library. */
const maxNameLength = 255;
/** Libraries that moved: the group they had before a major version. */
const groupBefore: readonly (readonly [prefix: string, major: number, group: string])[] = [
  ['asm', 4, 'asm'],
  ['dom4j', 2, 'dom4j'],
  ['groovy', 4, 'org.codehaus.groovy'],
  ['hibernate-', 6, 'org.hibernate'],
  ['okhttp', 3, 'com.squareup.okhttp'],
];

const version = String.raw`(?:v?\d|rc\d|build\d)\S*`;
/** `name-1.2`, `name_1.2`, `name.1.2`, in this order. */
const namePatterns = ['-', '_', String.raw`\.`].map((separator) => new RegExp(`^(.+?)${separator}(${version})$`));
/** Marks of platforms and packagings behind the version, which are no part of it. */
const classifier =
  /-(?:(?:linux|osx|macos|windows|win)(?:-[a-z]+)?-(?:x86_64|x86-64|amd64|aarch_?64|arm64|x86_32|x86|riscv64|loongarch_64|ppcle_64|ppc64le|s390x)(?:-fedora)?|all|indy|exec|boot|shaded|standalone|fat|uber|jar-with-dependencies)$/;

interface FileName {
  readonly artifact: string;
  readonly version?: string;
}

/** What the name of the file says. `stated` are versions of the manifest: a name that ends with one is split there. */
function splitFileName(file: string, stated: readonly string[]): FileName {
  const base = file
    .slice(file.lastIndexOf('/') + 1)
    .replace(/\.[a-z]+$/i, '')
    .replace(classifier, '');
  for (const one of stated) {
    if (base.length > one.length + 1 && base.endsWith(one) && /[-_.]/.test(base[base.length - one.length - 1] ?? '')) {
      return { artifact: base.slice(0, -one.length - 1), version: one };
    }
  }
  for (const pattern of namePatterns) {
    const found = pattern.exec(base);
    if (found?.[1] !== undefined && found[2] !== undefined) return { artifact: found[1], version: found[2] };
  }
  return { artifact: base };
}

/** Members of a container: the file around them is an application and no library. */
const containedMember = /^(?:BOOT-INF|WEB-INF|APP-INF)\/|^lib\/.*\.jar$/;

/**
 * Coordinates of the archive itself where no `pom.properties` gives them: artifact and version by the file's name, group by a
 * table of libraries that are met without, else by the manifest. Undefined for applications, and when nothing names a version.
 */
export function identify({ coordinates, manifest, archives }: JavaArchive, file: string): Coordinates | undefined {
  const stated = (['Implementation-Version', 'Specification-Version', 'Bundle-Version'] as const).flatMap(
    (key) => manifest[key]?.split(/\s/, 1) ?? [],
  );
  if (file.length - file.lastIndexOf('/') > maxNameLength) return undefined;
  const name = splitFileName(file, stated);
  const found = name.version ?? stated.find((one) => /^v?\d/.test(one));
  if (found === undefined || /\s/.test(name.artifact)) return undefined;
  if (name.version === undefined && coordinates.length > 0) return undefined; // one of them is it, under another name
  const isNamed = coordinates.some(
    ([, artifact, of]) =>
      artifact === name.artifact ||
      (of === found && (name.artifact.includes(artifact) || artifact.includes(name.artifact))),
  );
  if (isNamed || /\.(?:war|ear)$/i.test(file) || archives.some((one) => containedMember.test(one.name)))
    return undefined;
  const tomcat = /^org\.apache\.(tomcat-[\w-]+)$/.exec(manifest['Bundle-SymbolicName'] ?? '')?.[1];
  if (tomcat !== undefined) {
    // Its own distribution has `catalina.jar` for what is `tomcat-catalina` elsewhere.
    return [tomcat.startsWith('tomcat-embed-') ? 'org.apache.tomcat.embed' : 'org.apache.tomcat', tomcat, found];
  }
  const known = knownGroup(name.artifact, found);
  const group = known ?? statedGroup(manifest);
  // With others' coordinates inside and nobody that vouches for it, it is rather an application with all it needs.
  if (group === undefined && coordinates.length > 0) return undefined;
  return [group ?? name.artifact, name.artifact, found];
}

function knownGroup(artifact: string, of: string): string | undefined {
  const major = Number(/^\d+/.exec(of)?.[0] ?? NaN);
  const before = groupBefore.find(([prefix, from]) => artifact.startsWith(prefix) && major < from);
  if (before !== undefined) return before[2];
  if (Object.hasOwn(groupByArtifact, artifact)) return groupByArtifact[artifact];
  return groupByPrefix.find(([prefix]) => artifact.startsWith(prefix))?.[1];
}

const group = /^[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)+$/;

/** The first attribute that is a group of several words. */
function statedGroup(manifest: JavaArchive['manifest']): string | undefined {
  const stated = [
    manifest['Bundle-SymbolicName']?.split(';', 1)[0]?.trim(),
    manifest['Extension-Name'],
    manifest['Implementation-Vendor-Id'],
    manifest['Automatic-Module-Name'],
    manifest['Implementation-Title']?.split(/\s/, 1)[0],
  ];
  return stated.find((one) => one !== undefined && group.test(one));
}
