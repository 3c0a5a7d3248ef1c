#!/bin/sh
# Writes the root filesystem of Debian 12 ("bookworm") as a tar archive: sh mkrootfs.sh rootfs.tar
# Needs root and debootstrap. MIRROR names another mirror than Debian's own.
set -eu

archive=${1:?name the archive to write}
mirror=${MIRROR:-http://deb.debian.org/debian}
root=$(mktemp -d "${TMPDIR:-/var/tmp}/rootfs.XXXXXX")
trap 'rm -rf "$root"' EXIT

debootstrap --variant=minbase bookworm "$root" "$mirror"

# A container has no init: packages must not start services.
printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"

# An image keeps no packages and no indexes of its package manager.
cat > "$root/etc/apt/apt.conf.d/90container" <<'APT'
APT::Keep-Downloaded-Packages "false";
Binary::apt::APT::Keep-Downloaded-Packages "false";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Acquire::Languages "none";
APT

# A build that breaks off is thrown away: no need to wait for the disk after every file.
echo force-unsafe-io > "$root/etc/dpkg/dpkg.cfg.d/90container"

echo "deb $mirror bookworm main" > "$root/etc/apt/sources.list"
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/cache/apt/*.bin "$root"/var/lib/apt/lists/*
rm -f "$root"/var/log/bootstrap.log "$root"/var/log/dpkg.log "$root"/var/log/alternatives.log

tar --create --file "$archive" --directory "$root" --numeric-owner --sort=name \
    --exclude='./dev/*' --exclude='./proc/*' --exclude='./sys/*' \
    --exclude='./etc/resolv.conf' --exclude='./etc/hostname' .
