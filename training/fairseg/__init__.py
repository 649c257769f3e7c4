"""FairSeg: segmentation of optic disc and cup, fair over groups."""
