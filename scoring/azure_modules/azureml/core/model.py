"""Where the model is."""

import os


class Model:
    """The model of the deployment."""

    @staticmethod
    def get_model_path(model_name, version=None, _workspace=None):
        """The path of the deployment's model, whatever name it is asked for by. Raises: FileNotFoundError."""
        folder = os.environ.get("AZUREML_MODEL_DIR")
        if not folder:
            raise FileNotFoundError(
                "model %r is asked for, and there is none: AZUREML_MODEL_DIR is not set" % model_name
            )
        return os.path.join(folder, os.listdir(folder)[0])
