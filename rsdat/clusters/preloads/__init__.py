"""Files that schedulers and workers load. They are copied into the cluster's folder."""
