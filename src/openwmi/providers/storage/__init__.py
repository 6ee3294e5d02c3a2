"""Disks, partitions, volumes, and files."""

PROVIDERS: dict[str, tuple[str, str]] = {
    "Win32_DiskDrive": ("openwmi.providers.storage.disk", "DiskDriveProvider"),
    "Win32_DiskPartition": ("openwmi.providers.storage.partition", "DiskPartitionProvider"),
    "Win32_DiskDriveToDiskPartition": ("openwmi.providers.storage.partition", "DiskToPartitionProvider"),
    "Win32_LogicalDisk": ("openwmi.providers.storage.logicaldisk", "LogicalDiskProvider"),
    "Win32_LogicalDiskToPartition": ("openwmi.providers.storage.logicaldisk", "DiskToPartitionProvider"),
    "Win32_Volume": ("openwmi.providers.storage.volume", "VolumeProvider"),
    "Win32_MountPoint": ("openwmi.providers.storage.volume", "MountPointProvider"),
    "CIM_DataFile": ("openwmi.providers.storage.datafile", "DataFileProvider"),
    "Win32_Directory": ("openwmi.providers.storage.datafile", "DirectoryProvider"),
    "Win32_PageFileUsage": ("openwmi.providers.storage.pagefile", "PageFileUsageProvider"),
}
"""Class -> (module, provider)."""
