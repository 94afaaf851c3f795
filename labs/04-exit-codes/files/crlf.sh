#!/bin/sh
echo "never printed"
