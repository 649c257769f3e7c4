"""Brings the exports of CheXpert and MIMIC-CXR into the layout of FairFedMed-Chest."""
