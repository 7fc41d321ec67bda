/** The names by which the features know the shapes of docs/api.yaml. */
import type { components } from './schema';

type Schemas = components['schemas'];

export type ICluster = Schemas['Cluster'];
export type IClusterList = Schemas['ClusterList'];
export type IClusterRequest = Schemas['ClusterRequest'];
export type IClusterChange = Schemas['ClusterChange'];
export type IDiagnosis = Schemas['Diagnosis'];
export type IInfo = Schemas['Info'];
export type IJob = Schemas['Job'];
export type IOptions = Schemas['Options'];
export type IPreview = Schemas['Preview'];
export type ISite = Schemas['Site'];
export type IEndpoint = Schemas['EndpointList']['endpoints'][number];
export type IEntry = Schemas['Entry'];
export type IListing = Schemas['Listing'];
