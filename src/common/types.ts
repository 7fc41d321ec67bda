/** The names by which the features know the shapes of docs/api.yaml. */
import type { components } from './schema';

type Schemas = components['schemas'];

export type ICluster = Schemas['Cluster'];
export type IClusterList = Schemas['ClusterList'];
export type IClusterRequest = Schemas['ClusterRequest'];
export type IAttachRequest = Schemas['AttachRequest'];
export type IDamagedCluster = Schemas['DamagedCluster'];
export type IDaskWorker = Schemas['DaskWorker'];
export type IClusterChange = Schemas['ClusterChange'];
export type IDiagnosis = Schemas['Diagnosis'];
export type IGroup = Schemas['Group'];
export type IGroupRequest = Schemas['GroupRequest'];
export type IInfo = Schemas['Info'];
export type IJob = Schemas['Job'];
export type IJobAction = IJob['actions'][number];
export type IOptions = Schemas['Options'];
export type ILogList = Schemas['LogList'];
export type ILogMatches = Schemas['LogMatches'];
export type IPastCluster = Schemas['PastCluster'];
export type IPartition = Schemas['Partition'];
export type IPreset = Schemas['Preset'];
export type IPreview = Schemas['Preview'];
export type IWarning = Schemas['Warning'];
export type ISite = Schemas['Site'];
export type IEndpoint = Schemas['EndpointList']['endpoints'][number];
export type IEntry = Schemas['Entry'];
export type IListing = Schemas['Listing'];
export type IReleased = Schemas['Released'];
