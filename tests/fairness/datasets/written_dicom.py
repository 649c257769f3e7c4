"""A small DICOM file with a picture, written with pydicom."""

from pathlib import Path
from typing import Any

import numpy as np

from fairness.arrays import Array

RAMP = np.arange(-1000, 1000, 25, dtype=np.int16).reshape(10, 8)


def write_dicom(pydicom: Any, path: Path, pixels: Array = RAMP, **tags: Any) -> Path:
    found = pydicom.Dataset()
    found.file_meta = pydicom.dataset.FileMetaDataset()
    found.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    found.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    found.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    bits = 8 * pixels.itemsize
    found.Rows, found.Columns = pixels.shape[-2:]
    found.BitsAllocated = found.BitsStored = bits
    found.HighBit, found.SamplesPerPixel = bits - 1, 1
    found.PixelRepresentation = int(pixels.dtype.kind == "i")
    found.PhotometricInterpretation = "MONOCHROME2"
    found.PatientName, found.PatientID = "Secret^Name", "secret-17"
    found.PixelData = pixels.tobytes()
    for name, value in tags.items():
        setattr(found, name, value)
    found.save_as(path, enforce_file_format=True)
    return path
