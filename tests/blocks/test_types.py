"""The block types read well in Prefect's UI."""

import pytest
from prefect.testing.standard_test_suites import BlockStandardTestSuite

from blocks.file_system import DatastoreFileSystem
from blocks.specs import Asset, Deployment, Spec
from blocks.types import BLOCKS, DeploymentBlock


class TestBlocks(BlockStandardTestSuite):
    test_has_a_valid_image = None  # it downloads; our blocks have no logo

    @pytest.fixture(params=[*BLOCKS.values(), DatastoreFileSystem], ids=lambda block: block.__name__)
    def block(self, request):
        return request.param


def test_every_kind_of_thing_has_a_block_type():
    assert {*Spec.__subclasses__(), *Asset.__subclasses__()} - {Asset} == set(BLOCKS)


@pytest.mark.parametrize("block", BLOCKS.values(), ids=lambda block: block.__name__)
def test_every_field_at_every_depth_is_described_in_the_form(block):
    schema = block.model_json_schema()
    models = [schema, *schema["definitions"].values()]
    fields = [(m.get("title"), n, f) for m in models for n, f in m.get("properties", {}).items()]
    assert [(title, name) for title, name, field in fields if not field.get("description")] == []


def test_the_form_of_a_deployment_holds_its_settings():
    definitions = DeploymentBlock.model_json_schema()["definitions"]
    assert "mini_batch_size" in definitions["Settings"]["properties"]
    assert "code_configuration" in definitions[Deployment.__name__]["properties"]
