"""Archives: any number of files, in shards that any number of processes share; nothing twice."""
