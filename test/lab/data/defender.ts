// What Microsoft Defender for Cloud says: plans, and findings of both generations for one image.
import { extension, type ArmResource } from '../arm/resource.ts';
import { finance, production, staging } from './estate.ts';

export interface AssessedImage {
  readonly registryId: string;
  readonly loginServer: string;
  readonly repository: string;
  readonly digest: string;
  readonly tag: string;
  /** The cluster that runs it. */
  readonly clusterId: string;
}

export function pricings(): ArmResource[] {
  const plans = (subscriptionId: string, standard: readonly string[]): ArmResource[] =>
    [
      'Containers',
      'CloudPosture',
      'KeyVaults',
      'StorageAccounts',
      'SqlServers',
      'VirtualMachines',
      'AppServices',
      'Arm',
    ].map((name) => {
      const on = standard.includes(name);
      return extension(`/subscriptions/${subscriptionId}`, 'Microsoft.Security/pricings', name, {
        properties: {
          pricingTier: on ? 'Standard' : 'Free',
          freeTrialRemainingTime: 'PT0S',
          ...(on ? { enablementTime: '2026-01-10T08:00:00.0000000Z' } : {}),
          ...(name === 'Containers'
            ? {
                extensions: [
                  'ContainerRegistriesVulnerabilityAssessments',
                  'AgentlessDiscoveryForKubernetes',
                  'ContainerSensor',
                ].map((extensionName) => ({
                  name: extensionName,
                  isEnabled: on ? 'True' : 'False',
                })),
              }
            : {}),
        },
      });
    });
  return [
    ...plans(production.subscriptionId, [
      'Containers',
      'CloudPosture',
      'KeyVaults',
      'StorageAccounts',
      'SqlServers',
      'Arm',
    ]),
    ...plans(staging.subscriptionId, []),
    ...plans(finance.subscriptionId, ['Containers']),
  ];
}

/** Key of the grouped recommendation for registry images, and of the one for running images. */
const registryKey = 'c0b7cfc6-3172-465a-b378-53c7ff2cc0d5';
const runningKey = 'c609cf0f-71ab-41e9-a3c6-9a1f7fe1b8d5';

export function assessments(image: AssessedImage): ArmResource[] {
  return [
    grouped(image, image.registryId, registryKey, 'da7a0001-0000-4000-8000-000000000001', 'High'),
    grouped(image, image.clusterId, runningKey, 'da7a0001-0000-4000-8000-000000000002', 'High'),
    individual(image, 'da7a0002-0000-4000-8000-000000000001', 'Unhealthy'),
    individual(image, 'da7a0002-0000-4000-8000-000000000002', 'NotApplicable'),
  ];
}

const cve = 'CVE-2025-15467';
const softwareName = 'openssl';

function grouped(image: AssessedImage, resourceId: string, key: string, name: string, severity: string): ArmResource {
  const id = `${resourceId}/providers/Microsoft.Security/assessments/${key}/subassessments/${name}`;
  return {
    id,
    name,
    type: 'Microsoft.Security/assessments/subassessments',
    properties: {
      id: cve,
      displayName: cve,
      description: 'A flaw in the parsing of CMS messages.',
      remediation: `Create new image with updated package ${softwareName} with version 3.0.18-1~deb12u2 or higher.`,
      timeGenerated: '2026-06-20T04:00:00Z',
      status: { code: 'Unhealthy', severity, cause: '', description: '' },
      resourceDetails: { id: `/repositories/${image.repository}/images/${image.digest}`, source: 'Azure' },
      additionalData: {
        assessedResourceType: 'AzureContainerRegistryVulnerability',
        cvssV30Score: 8.8,
        artifactDetails: {
          artifactType: 'ContainerImage',
          registryHost: image.loginServer,
          repositoryName: image.repository,
          digest: image.digest,
          tags: [image.tag],
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          lastPushedToRegistryUTC: '2026-06-01T10:00:00Z',
        },
        softwareDetails: {
          category: 'OS',
          language: '',
          packageName: softwareName,
          vendor: 'debian',
          version: '3.0.17-1~deb12u2',
          fixedVersion: '3.0.18-1~deb12u2',
          fixStatus: 'FixAvailable',
          fixReference: null,
          evidence: [],
          osDetails: { osPlatform: 'linux', osVersion: 'debian_linux_12' },
        },
        vulnerabilityDetails: {
          cveId: cve,
          severity,
          cvss: { '2.0': null, '3.0': { base: 8.8, cvssVectorString: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H' } },
          publishedDate: '2026-01-27T00:00:00Z',
          lastModifiedDate: '2026-02-10T00:00:00Z',
          references: [{ title: cve, link: `https://nvd.nist.gov/vuln/detail/${cve}` }],
          weaknesses: { cwe: [{ id: 'CWE-787' }] },
          workarounds: [],
          exploitabilityAssessment: {
            exploitStepsPublished: false,
            exploitStepsVerified: false,
            isInExploitKit: false,
            exploitUris: [],
            types: [],
          },
        },
      },
    },
  };
}

/** JSON in strings, and keys in mixed case, as the current generation writes them. */
function individual(image: AssessedImage, name: string, code: string): ArmResource {
  const details = [
    {
      cveId: cve,
      Severity: 'Unknown',
      cvss: [{ Key: '3', Value: { Base: 8.8, CvssVectorString: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H' } }],
      PublishedDate: '2026-01-27T00:00:00Z',
      FixStatus: 'FixAvailable',
      FixedVersion: '3.0.18-1~deb12u2',
      Weaknesses: ['CWE-787'],
      ExploitabilityDetails: { IsVerified: false, isPubliclyDisclosed: true, IsInExploitKit: false },
      References: [],
      Tags: [],
    },
  ];
  return {
    id: `${image.registryId}/providers/Microsoft.Security/assessments/${name}`,
    name,
    type: 'Microsoft.Security/assessments',
    properties: {
      displayName: `Update ${softwareName}`,
      metadata: { recommendationCategory: 'SoftwareUpdate', severity: 'High' },
      status: { code, firstEvaluationDate: '2026-08-02T00:00:00Z', statusChangeDate: '2026-08-02T00:00:00Z' },
      resourceDetails: {
        Source: 'Azure',
        Id: image.registryId,
        NativeResourceId: image.registryId,
        ResourceType: 'microsoft.containerregistry/registries.containerimage',
        ResourceName: image.repository,
      },
      resourceAdditionalData: JSON.stringify({
        RepositoryDetails: { RepositoryName: image.repository },
        Digest: image.digest,
        LastPushedToRegistryUTC: '2026-07-30T10:00:00Z',
      }),
      additionalData: {
        SoftwareName: softwareName,
        PackageType: 'OS',
        Language: '',
        DetectedSoftwareVersions: '3.0.17-1~deb12u2',
        FixedVersion: '3.0.18-1~deb12u2',
        ...(code === 'Unhealthy' ? { CvesDetails: JSON.stringify(details) } : {}),
      },
    },
  };
}
