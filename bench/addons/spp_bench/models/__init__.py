from . import bench_event
