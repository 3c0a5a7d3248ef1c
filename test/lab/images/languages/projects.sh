#!/bin/sh
# Small packages of Python and Ruby, and their installation in every form that leaves metadata of its own.
set -eu
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INDEX=1 PIP_NO_BUILD_ISOLATION=1 PIP_ROOT_USER_ACTION=ignore

for kind in plain wheel editable eggfile eggfolder; do
    mkdir -p "/srv/python/$kind"
    cat > "/srv/python/$kind/setup.py" <<SETUP
from setuptools import setup

setup(name='Harbour.${kind}_Package', version='1.0.post1', py_modules=['harbour_$kind'],
      zip_safe=$([ "$kind" = eggfile ] && echo True || echo False))
SETUP
    echo "KIND = '$kind'" > "/srv/python/$kind/harbour_$kind.py"
done

python3 -m venv /opt/venv
/opt/venv/bin/pip install --quiet /srv/python/plain
/opt/venv/bin/pip install --quiet --editable /srv/python/editable
for kind in eggfile eggfolder; do
    (cd "/srv/python/$kind" && /opt/venv/bin/python setup.py --quiet install)
done
pip wheel --quiet --no-deps --wheel-dir /srv/wheels /srv/python/wheel
/opt/venv/bin/pip install --quiet /srv/wheels/*.whl
pip install --quiet --break-system-packages /srv/python/plain

mkdir -p /srv/ruby && cd /srv/ruby
for platform in ruby x86_64-linux; do
    cat > harbour.gemspec <<GEM
Gem::Specification.new do |gem|
  gem.name = 'harbour-$(echo $platform | tr _ -)'
  gem.version = '2.1.0.rc1'
  gem.platform = '$platform'
  gem.summary = 'Harbour'
  gem.authors = ['Harbour']
  gem.files = []
end
GEM
    gem build --quiet harbour.gemspec
done
gem install --quiet --local --no-document --force ./*.gem
